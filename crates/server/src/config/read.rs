//! Settings as what they mean.

use super::{ConfigError, Settings};
use crate::duration::{duration, size};
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::time::Duration;

impl Settings {
    pub(crate) fn text_of(&self, name: &'static str) -> &str {
        self.values.get(name).map_or("", |(value, _)| value)
    }

    pub(super) fn wrong(&self, name: &'static str, reason: &str) -> ConfigError {
        let place = self.values.get(name).map_or("", |(_, place)| place);
        ConfigError { place: place.to_owned(), reason: format!("{name}: {reason}") }
    }

    pub(super) fn choice(&self, name: &'static str, among: &[&'static str]) -> Result<&'static str, ConfigError> {
        let found = among.iter().find(|c| **c == self.text_of(name));
        found.copied().ok_or_else(|| self.wrong(name, &format!("must be one of {}", among.join(", "))))
    }

    pub(super) fn flag(&self, name: &'static str) -> Result<bool, ConfigError> {
        Ok(self.choice(name, &["true", "false"])? == "true")
    }

    pub(super) fn number(&self, name: &'static str, low: u64, high: u64) -> Result<u64, ConfigError> {
        let number = self.text_of(name).parse::<u64>().ok().filter(|n| (low..=high).contains(n));
        number.ok_or_else(|| self.wrong(name, &format!("must be a number from {low} to {high}")))
    }

    pub(super) fn time(&self, name: &'static str) -> Result<Duration, ConfigError> {
        duration(self.text_of(name)).map_err(|reason| self.wrong(name, &reason))
    }

    pub(super) fn bytes(&self, name: &'static str) -> Result<usize, ConfigError> {
        size(self.text_of(name)).map(|s| s as usize).map_err(|reason| self.wrong(name, &reason))
    }

    pub(super) fn ip(&self, name: &'static str) -> Result<IpAddr, ConfigError> {
        let text = self.text_of(name);
        let resolved = (text, 0).to_socket_addrs().ok().and_then(|mut found| found.next());
        resolved.map(|a| a.ip()).ok_or_else(|| self.wrong(name, &format!("{text:?} is no address")))
    }

    pub(super) fn address(&self, host: &'static str, port: &'static str) -> Result<SocketAddr, ConfigError> {
        Ok(SocketAddr::new(self.ip(host)?, self.number(port, 1, 65_535)? as u16))
    }
}
