//! Complete messages over complete connections: they arrive as sent, and noise does no harm.

mod hostile;
mod noise;
mod payload;
mod round_trip;
mod sample;
