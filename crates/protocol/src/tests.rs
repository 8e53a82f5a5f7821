//! Whole messages over whole connections: what goes in comes out, and noise does no harm.

mod hostile;
mod noise;
mod payload;
mod round_trip;
mod sample;
