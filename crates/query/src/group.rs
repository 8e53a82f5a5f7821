//! One page of a SELECT with GROUP BY. Groups follow each other in the order of their rows, so only the current one is
//! held. A page ends after the last row of a group, so that every group is answered completely by one page.

use crate::page_run::{CHUNK_ROWS, PageRun, push_row};
use crate::sort_buffer;
use crate::{Error, PageState};
use henge_base::Bytes;
use henge_coordinator::Replicas;
use henge_cql::Filter;
use henge_model::{Key, RowSink};

/// The position after the last row of a group.
struct GroupEnd {
    piece: usize,
    key: Bytes,
    /// The number of groups of that partition up to there.
    given: u32,
}

impl<R: Replicas> PageRun<'_, R> {
    /// Reads a page of groups. Returns the position of the next page, if there may be one.
    pub(crate) async fn push_groups(
        &mut self,
        filter: &Filter,
        sink: &mut (dyn RowSink + Send),
    ) -> Result<Option<PageState>, Error> {
        let page = self.request.page.size.unwrap_or(u32::MAX);
        let most = self.quota.as_ref().map_or(u32::MAX, |quota| quota.most);
        let mut given = self.quota.as_ref().map_or(0, |quota| quota.given);
        let (mut finished, mut behind) = (0, None);
        let mut is_full = false;
        let mut output = self.plan.output(&self.request.context);
        let mut computed = Vec::new();
        loop {
            let piece = self.cursor.piece();
            let Some(block) = self.read_block(CHUNK_ROWS).await? else { break };
            let rows = self.collect_rows(&block, CHUNK_ROWS)?;
            for (row, (key, first)) in rows.rows.iter().zip(self.join.take_keys()) {
                if first {
                    given = 0;
                }
                if !filter.matches(row) || self.plan.is_distinct() && !first {
                    continue;
                }
                if output.begins_group(row)? {
                    if output.is_in_group() {
                        computed.clear();
                        output.finish(&mut computed)?;
                        push_row(&computed, sink);
                        finished += 1;
                        if self.count_group() {
                            return Ok(None);
                        }
                        if finished >= page || is_full {
                            return Ok(self.page_state(behind));
                        }
                    }
                    if given >= most {
                        continue;
                    }
                    given += 1;
                    output.begin_group(row)?;
                }
                behind = Some(GroupEnd { piece, key, given });
                output.add(row)?;
            }
            sort_buffer::check_size(self.plan, sink)?;
            is_full = finished > 0 && !self.has_room(sink)?;
            // The partition's quota is used up: the rest of it is not read.
            if given >= most && !output.is_in_group() {
                self.cursor.skip(self.join.last_partition());
            }
        }
        if output.is_in_group() {
            computed.clear();
            output.finish(&mut computed)?;
            push_row(&computed, sink);
        }
        Ok(None)
    }

    /// Counts a group against LIMIT; true if it was the last.
    fn count_group(&mut self) -> bool {
        if self.remaining != u32::MAX {
            self.remaining = self.remaining.saturating_sub(1);
        }
        self.remaining == 0
    }

    fn page_state(&mut self, behind: Option<GroupEnd>) -> Option<PageState> {
        let GroupEnd { piece, key, given } = behind?;
        self.cursor.rewind_to(piece, key.clone());
        let partition = &key[..Key::partition(&key).unwrap_or(key.len())];
        self.cursor.page_state(self.remaining, true, given, partition)
    }
}
