//! A write in words.

use super::{Explanation, count};
use crate::context::BindContext;
use crate::error::Error;
use crate::plan::ModifyPlan;
use henge_model::{Key, KeyKind, Token};
use std::collections::BTreeSet;

impl ModifyPlan {
    /// The plan with bound values in words. Nothing is written or read.
    pub fn explain(&self, context: &BindContext<'_>) -> Result<Explanation, Error> {
        let mut told = Explanation::default();
        let verb = if self.is_delete { "deletion from" } else { "write to" };
        told.say("statement", format!("{verb} {}.{}", self.table.keyspace, self.table.name));
        let keys = self.written_keys(context)?;
        let tokens: BTreeSet<Token> = keys.iter().map(|(_, token)| *token).collect();
        told.say("partitions", format!("{} by key", tokens.len()));
        let of = |kind| keys.iter().filter(|(key, _)| Key::kind(key.bytes()) == Some(kind)).count();
        let kinds = [
            (of(KeyKind::Row), "row"),
            (of(KeyKind::Static), "static row"),
            (of(KeyKind::RangeTombstone), "deletion of a range"),
            (of(KeyKind::PartitionTombstone), "deletion of a partition"),
        ];
        let rows: Vec<String> = kinds
            .into_iter()
            .filter(|(number, _)| *number > 0)
            .map(|(number, thing)| match thing.starts_with("deletion") {
                true => format!("{number} {thing}"),
                false => count(number, thing),
            })
            .collect();
        told.say("rows", if rows.is_empty() { "none".to_owned() } else { rows.join(", ") });
        if self.reads_rows() {
            told.say("read first", "the stored rows, which decide what is written");
        }
        if self.table.is_counter() {
            told.say("counter", "one replica adds to its own share, which then goes to the others: never sent twice");
        }
        told.tokens = Some(tokens);
        Ok(told)
    }

    fn written_keys(&self, context: &BindContext<'_>) -> Result<Vec<(Key, Token)>, Error> {
        if self.reads_rows() {
            return self.row_keys(context);
        }
        let mut bound = Vec::new();
        self.bind(context, &mut bound)?;
        Ok(bound.into_iter().map(|write| (write.key, write.token)).collect())
    }
}
