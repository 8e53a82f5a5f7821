//! Terms: literals, markers, functions and operations, with their types.

pub(super) mod arithmetic;
pub(super) mod assignable;
pub(super) mod data_type;
pub(super) mod marker;
pub(super) mod misfit;
pub(super) mod operand;
pub(super) mod term_text;
pub(super) mod terms;
