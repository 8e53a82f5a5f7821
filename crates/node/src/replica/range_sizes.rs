//! The sizes of ranges that this node holds, as its engine estimates them.

use crate::ground::world::{Lane, World};
use crate::peers::messages::range_sizes::{RangeSizes, RangeSizesReply};
use crate::replica::LocalReplica;
use henge_coordinator::Refusal;
use henge_storage::{ReadAllowance, ReadError, Store};

/// Answers with the bytes of each range. Tables that this node does not know have none.
pub(crate) async fn answer<W: World>(
    replica: &LocalReplica<W>,
    question: RangeSizes,
) -> Result<RangeSizesReply, Refusal> {
    if !question.is_bounded() {
        return Err(Refusal::Unsupported);
    }
    let bytes_per_second = replica.context.options.stream_throughput;
    let sizes = replica.on_disk(Lane::Background, move |store| sum_tables(store, &question)).await;
    match sizes {
        Ok(bytes) => Ok(RangeSizesReply { bytes, bytes_per_second }),
        Err(error) => {
            tracing::warn!(%error, "the sizes of ranges cannot be read");
            Err(Refusal::Other)
        }
    }
}

fn sum_tables(store: &Store, question: &RangeSizes) -> Result<Vec<u64>, ReadError> {
    let mut sums = vec![0u64; question.ranges.len()];
    let mut allowance = ReadAllowance::default();
    for table in &question.tables {
        let sizes = match store.range_sizes(*table, &question.ranges, &mut allowance) {
            Ok(sizes) => sizes,
            Err(ReadError::UnknownTable) => continue,
            Err(error) => return Err(error),
        };
        sums.iter_mut().zip(sizes).for_each(|(sum, size)| *sum = sum.saturating_add(size));
    }
    Ok(sums)
}
