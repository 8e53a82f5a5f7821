//! A SELECT: bound, and read page by page.

use crate::page_run::PageRun;
use crate::piece_read::read_command;
use crate::sort_buffer::{self, SortBuffer};
use crate::{Error, PageState, Request};
use henge_coordinator::{KeyspacePlacement, Local, Replicas, can_read_locally};
use henge_cql::{BoundSelect, Reads, SelectPlan};
use henge_model::{Consistency, Key, KeyRange, RowSink};

/// Answers from this node's memory if the statement names one row and one local copy suffices; otherwise the sink is
/// unchanged, and `Local` says if another replica must be asked or only this node's disk. Awaits nothing and allocates
/// nothing but the key.
pub fn try_select<R: Replicas>(
    replicas: &R,
    plan: &SelectPlan,
    placed: &KeyspacePlacement,
    request: &Request<'_>,
    sink: &mut dyn RowSink,
) -> Local {
    let Some(key) = plan.single_row_key(request.context.values) else { return Local::Miss };
    let Some(token) = Key::token(key.bytes()) else { return Local::Miss };
    if !can_read_locally(replicas, placed, token, request.consistency) {
        return Local::Remote;
    }
    let command = read_command(plan, request, token, KeyRange::One(key), 1);
    replicas.try_local(&command, plan.projection(), sink)
}

/// Reads a page into `sink`. Returns the position of the next page, if there may be one.
pub async fn select<R: Replicas>(
    replicas: &R,
    plan: &SelectPlan,
    placed: &KeyspacePlacement,
    request: &Request<'_>,
    sink: &mut (dyn RowSink + Send),
) -> Result<Option<PageState>, Error> {
    if request.consistency == Consistency::Any {
        return Err(Error::Invalid("ANY ConsistencyLevel is only supported for writes".to_owned()));
    }
    plan.guard(&request.context.guard, request.page.size, request.consistency)?;
    let bound = plan.bind(&request.context)?;
    if request.consistency.is_serial() && names_several_partitions(&bound.reads) {
        let message = "SERIAL/LOCAL_SERIAL consistency may only be requested for one partition at a time";
        return Err(Error::Invalid(message.to_owned()));
    }
    if plan.is_sorted() {
        let reads_nothing = matches!(&bound.reads, Reads::Partitions(partitions) if partitions.is_empty());
        sort_buffer::check_unpaged(plan, reads_nothing, request.page.size)?;
        let mut buffer = SortBuffer::new(plan, bound.limit, sink);
        let bound = BoundSelect { limit: u32::MAX, ..bound };
        run_bound(replicas, plan, placed, request, bound, None, &mut buffer).await?;
        buffer.push_sorted();
        return Ok(None);
    }
    let state = request.page.state.map(PageState::decode).transpose()?;
    run_bound(replicas, plan, placed, request, bound, state, sink).await
}

/// True if the read names several partitions, as IN on the partition key does; a scan names none.
fn names_several_partitions(reads: &Reads) -> bool {
    match reads {
        Reads::Partitions(all) => all.windows(2).any(|pair| pair[0].partition != pair[1].partition),
        Reads::Scan { .. } => false,
    }
}

/// Executes a statement with its values bound, from the position where an earlier page stopped.
async fn run_bound<R: Replicas>(
    replicas: &R,
    plan: &SelectPlan,
    placed: &KeyspacePlacement,
    request: &Request<'_>,
    mut bound: BoundSelect,
    state: Option<PageState>,
    sink: &mut (dyn RowSink + Send),
) -> Result<Option<PageState>, Error> {
    let filter = std::mem::take(&mut bound.filter);
    let mut page = PageRun::begin((replicas, plan, placed, request), bound, state.as_ref())?;
    page.run(&filter, sink).await
}
