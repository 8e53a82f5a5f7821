//! A node's world in production: the system's clocks, this runtime's tasks, threads for the disk, links for peers.

use crate::lanes::Lanes;
use crate::node_backups::NodeBackups;
use crate::process::Process;
use crate::system_clock::SystemClock;
use futures_util::TryFutureExt;
use henge_node::{Bytes, CallError, Class, HostId, Lane, Micros, Mono, Random, Surroundings, To, World};
use henge_transport::{Destination, Endpoint};
use parking_lot::{Mutex, RwLock};
use std::collections::BTreeMap;
use std::future::Future;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

/// The exit code of a process whose disk can no longer be trusted.
const FATAL_EXIT_CODE: i32 = 70;

/// The world.
pub(crate) struct ServerWorld {
    began: Instant,
    clock: SystemClock,
    pub(crate) lanes: Lanes,
    pub(crate) process: Process,
    pub(crate) directory: PathBuf,
    pub(crate) endpoint: OnceLock<Endpoint>,
    /// Backups of this node, once its engine is open.
    pub(crate) backups: OnceLock<Arc<NodeBackups>>,
    addresses: RwLock<BTreeMap<HostId, SocketAddr>>,
    random: Mutex<Random>,
}

impl ServerWorld {
    /// A world without peers yet: see [`ServerWorld::connect`].
    pub(crate) fn new(directory: PathBuf, seed: u64, process: Process) -> std::io::Result<ServerWorld> {
        Ok(ServerWorld {
            began: Instant::now(),
            clock: SystemClock::new(&directory),
            lanes: Lanes::start()?,
            process,
            directory,
            endpoint: OnceLock::new(),
            backups: OnceLock::new(),
            addresses: RwLock::default(),
            random: Mutex::new(Random::new(seed)),
        })
    }

    /// Sets the endpoint, once.
    pub(crate) fn connect(&self, endpoint: Endpoint) {
        let _ = self.endpoint.set(endpoint);
    }

    fn destination(&self, to: To) -> Option<Destination> {
        match to {
            To::Address(address) => Some(Destination { host: None, address }),
            To::Host(host) => {
                let address = *self.addresses.read().get(&host)?;
                Some(Destination { host: Some(host), address })
            }
        }
    }
}

impl World for ServerWorld {
    fn call(
        &self,
        to: To,
        class: Class,
        deadline: Mono,
        message: Bytes,
    ) -> impl Future<Output = Result<Bytes, CallError>> + Send + 'static + use<> {
        let left = deadline.since(self.mono());
        let call = self
            .destination(to)
            .zip(self.endpoint.get())
            .map(|(to, endpoint)| endpoint.call(to, class_of(class), left, message));
        let unsent = || henge_transport::Call::Ready(Some(henge_transport::CallError::NotSent));
        call.unwrap_or_else(unsent).map_err(|error| match error {
            henge_transport::CallError::NotSent => CallError::NotSent,
            henge_transport::CallError::Unknown => CallError::Unknown,
        })
    }

    fn tell(&self, to: HostId, message: Bytes) {
        if let Some((to, endpoint)) = self.destination(To::Host(to)).zip(self.endpoint.get()) {
            endpoint.tell(to, message);
        }
    }

    fn learn(&self, host: HostId, address: SocketAddr) {
        let before = self.addresses.write().insert(host, address);
        if before.is_some_and(|b| b != address)
            && let Some(endpoint) = self.endpoint.get()
        {
            endpoint.forget(host, Some(address));
        }
    }

    fn forget(&self, host: HostId) {
        self.addresses.write().remove(&host);
        if let Some(endpoint) = self.endpoint.get() {
            endpoint.forget(host, None);
        }
    }

    fn spawn(&self, _name: &'static str, task: impl Future<Output = ()> + Send + 'static) {
        // Each core has a runtime of one thread: what is spawned on it stays there.
        tokio::spawn(task);
    }

    fn sleep_until(&self, until: Mono) -> impl Future<Output = ()> + Send + 'static + use<> {
        let at = self.began + Duration::from_micros(until.0);
        tokio::time::sleep_until(at.into())
    }

    fn disk<T: Send + 'static, J: FnOnce() -> T + Send + 'static>(
        &self,
        lane: Lane,
        job: J,
    ) -> impl Future<Output = T> + Send + 'static + use<T, J> {
        let (sender, receiver) = oneshot::channel();
        self.lanes.run(lane, Box::new(move || drop(sender.send(job()))));
        async move {
            match receiver.await {
                Ok(value) => value,
                // The lanes end with the process; whoever still waits then is not waited for.
                Err(_) => std::future::pending().await,
            }
        }
    }

    fn mono(&self) -> Mono {
        Mono(self.began.elapsed().as_micros() as u64)
    }

    fn wall_us(&self) -> Micros {
        self.clock.wall_us()
    }

    fn random(&self, _stream: &'static str) -> u64 {
        self.random.lock().next_u64()
    }

    fn free_bytes(&self) -> u64 {
        match rustix::fs::statvfs(&self.directory) {
            Ok(figures) => figures.f_bavail.saturating_mul(figures.f_frsize),
            // What is written from now on would be in no directory, and gone with the process.
            Err(rustix::io::Errno::NOENT) => {
                self.fatal(&format!("the data directory {} is gone", self.directory.display()));
                0
            }
            // No figure is no full disk: the engine finds out by itself.
            Err(_) => u64::MAX,
        }
    }

    fn surroundings(&self) -> Option<&dyn Surroundings> {
        Some(self)
    }

    fn fatal(&self, reason: &str) {
        tracing::error!(reason, "the node cannot go on and ends now");
        eprintln!("henge: fatal: {reason}");
        std::process::exit(FATAL_EXIT_CODE);
    }
}

fn class_of(class: Class) -> henge_transport::Class {
    match class {
        Class::Control => henge_transport::Class::Control,
        Class::Request => henge_transport::Class::Request,
        Class::Bulk => henge_transport::Class::Bulk,
    }
}
