//! Settings as what they mean.

use super::{ConfigError, Settings};
use crate::duration::{duration, size, written};
use crate::spelling::did_you_mean;
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

    /// A text that is not empty.
    pub(super) fn name(&self, name: &'static str) -> Result<&str, ConfigError> {
        match self.text_of(name).trim() {
            "" => Err(self.wrong(name, "must not be empty")),
            text => Ok(text),
        }
    }

    pub(super) fn choice(&self, name: &'static str, among: &[&'static str]) -> Result<&'static str, ConfigError> {
        let given = self.text_of(name);
        among.iter().find(|choice| **choice == given).copied().ok_or_else(|| {
            let near = did_you_mean(given, among.iter().copied());
            self.wrong(name, &format!("must be one of {}, not {given:?}{near}", among.join(", ")))
        })
    }

    pub(super) fn flag(&self, name: &'static str) -> Result<bool, ConfigError> {
        Ok(self.choice(name, &["true", "false"])? == "true")
    }

    pub(super) fn number(&self, name: &'static str, low: u64, high: u64) -> Result<u64, ConfigError> {
        let given = self.text_of(name);
        let number = given.parse::<u64>().ok().filter(|n| (low..=high).contains(n));
        number.ok_or_else(|| self.wrong(name, &format!("must be a number from {low} to {high}, not {given:?}")))
    }

    pub(super) fn time(&self, name: &'static str) -> Result<Duration, ConfigError> {
        duration(self.text_of(name)).map_err(|reason| self.wrong(name, &reason))
    }

    pub(super) fn time_within(
        &self,
        name: &'static str,
        low: Duration,
        high: Duration,
    ) -> Result<Duration, ConfigError> {
        let time = self.time(name)?;
        if (low..=high).contains(&time) {
            return Ok(time);
        }
        let given = self.text_of(name);
        Err(self.wrong(name, &format!("must be from {} to {}, not {given}", written(low), written(high))))
    }

    pub(super) fn bytes_within(&self, name: &'static str, low: usize, high: usize) -> Result<usize, ConfigError> {
        let bytes = self.bytes(name)?;
        let given = self.text_of(name);
        match () {
            () if bytes < low => Err(self.wrong(name, &format!("must be at least {}KiB, not {given}", low >> 10))),
            () if bytes > high => Err(self.wrong(name, &format!("must be at most {}MiB, not {given}", high >> 20))),
            () => Ok(bytes),
        }
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
