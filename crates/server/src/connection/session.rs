//! Messages about the connection itself: its beginning, its login, and the events it is told of.

use super::ended_request::EndedRequest;
use super::farewell::goes_on_when_preparing_fails;
use super::{CQL_VERSION, Connection};
use crate::answer;
use crate::login::{self, LoginSource, Stage, log_in};
use henge_node::ClusterEvent;
use henge_protocol::{Event, Frame, Header, ProtocolError, Reply, Request, Response, Startup, Supported};
use std::sync::Arc;
use std::time::Instant;
use tokio::sync::broadcast;

impl Connection {
    /// Messages about the connection itself.
    pub(super) fn serve_session(&mut self, frame: &Frame) {
        let reply = Reply::to(&frame.header);
        match Request::decode(frame) {
            Ok(Request::Options) => {
                self.output.write_response(&reply, &Response::Supported(Supported::new(CQL_VERSION)))
            }
            Ok(Request::Startup(startup)) => self.start(&reply, &startup),
            Ok(Request::AuthResponse(response)) => self.check(&frame.header, response.token),
            Ok(Request::Register(register)) if self.stage.is_established() => {
                self.registered.add(register);
                self.output.write_response(&reply, &Response::Ready);
            }
            Ok(_) => self.output.write_error(&reply, &ProtocolError::new("this message is not expected here").into()),
            Err(error) => self.output.write_error(&reply, &error.into()),
        }
    }

    fn start(&mut self, reply: &Reply<'_>, startup: &Startup<'_>) {
        if self.stage != Stage::New {
            return self.output.write_error(
                reply,
                &ProtocolError::new("Unexpected message STARTUP, the connection is established").into(),
            );
        }
        let (stage, response) = match self.core.demands_login() {
            true => (Stage::Asked { failures: 0 }, Response::Authenticate(login::AUTHENTICATOR.to_owned())),
            false => (Stage::Established, Response::Ready),
        };
        (self.stage, self.version) = (stage, reply.version);
        self.throws_on_overload = startup.throws_on_overload();
        self.prepares_elsewhere = goes_on_when_preparing_fails(startup);
        self.entry.record.record_startup(reply.version, startup, stage.is_established());
        self.decoder.establish(reply.version, startup.compression);
        self.output.write_response(reply, &response);
        self.output.establish(reply.version, startup.compression);
    }

    /// Has a password checked, one at a time.
    fn check(&mut self, header: &Header, token: Option<&[u8]>) {
        let Stage::Asked { failures } = self.stage else {
            let error = ProtocolError::new("Unexpected message AUTH_RESPONSE");
            return self.output.write_error(&Reply::to(header), &error.into());
        };
        self.stage = Stage::Checking { failures };
        let (header, core, began) = (*header, Arc::clone(&self.core), Instant::now());
        let from = LoginSource { account: self.account.ip(), address: self.peer };
        let token = token.map(<[u8]>::to_vec);
        self.in_flight.run_while_open(async move {
            let (answer, summary) = log_in(&core, token, from).await;
            let warnings = Vec::new();
            Box::new(EndedRequest {
                header,
                answer,
                warnings,
                summary,
                began,
                trace: None,
                slot: None,
                _admitted: None,
                room: None,
            })
        });
    }

    /// Takes the client's user away once its role was dropped.
    pub(super) fn check_role(&mut self) {
        if let Some(role) = self.role.take_if(|role| !self.core.has_role(role)) {
            self.client.user = Some(role.dropped_user());
        }
    }

    pub(super) fn tell(&mut self, event: Result<ClusterEvent, broadcast::error::RecvError>) {
        // A client that lagged behind misses events; drivers refresh on their own as well.
        let Ok(event) = event else { return };
        let event = answer::event(&event);
        let wanted = match event {
            Event::Topology { .. } => self.registered.topology,
            Event::Status { .. } => self.registered.status,
            Event::Schema(_) => self.registered.schema,
        };
        if wanted {
            self.output.write_event(self.version, &event);
        }
    }
}
