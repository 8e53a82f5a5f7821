//! Guardrails applied to plans.

mod reads;
mod schema;
mod writes;
