//! The two halves of a stream once hellos were exchanged: a writer that coalesces, a reader that cuts frames.

use crate::frame::{FrameError, Head, next};
use crate::limits::{BODY_BYTES, READ_BYTES};
use crate::outbox::{Outbox, Waiting};
use henge_base::{Bytes, BytesMut};
use tokio::time::Instant;

/// A writer's buffer that grew beyond this is given back.
const BUFFER_KEPT: usize = 1 << 20;

/// Writes what is queued until the outbox is closed or the stream breaks. `unsent` gets the frames that came too late.
pub(crate) async fn write(outbox: &Outbox, mut stream: quinn::SendStream, unsent: impl Fn(Waiting)) {
    let mut buffer = Vec::new();
    loop {
        let frames = outbox.take().await;
        if frames.is_empty() {
            let _ = stream.finish();
            return;
        }
        buffer.clear();
        let now = Instant::now();
        for frame in frames {
            match frame.deadline {
                Some(deadline) if deadline <= now => unsent(frame),
                deadline => {
                    let left = deadline.map_or(0, |d| (d - now).as_millis().min(u128::from(u32::MAX)) as u32);
                    Head { budget_ms: left.max(u32::from(deadline.is_some())), ..frame.head }
                        .put(&frame.body, &mut buffer);
                }
            }
        }
        if stream.write_all(&buffer).await.is_err() {
            return;
        }
        if buffer.capacity() > BUFFER_KEPT {
            buffer = Vec::new();
        }
    }
}

/// Reads frames until the stream ends; an error says that the peer sends none.
pub(crate) async fn read(
    stream: &mut quinn::RecvStream,
    mut input: BytesMut,
    mut frame: impl FnMut(Head, Bytes),
) -> Result<(), FrameError> {
    loop {
        while let Some((head, body)) = next(&mut input, BODY_BYTES)? {
            frame(head, body);
        }
        match stream.read_chunk(READ_BYTES, true).await {
            Ok(Some(chunk)) => input.extend_from_slice(&chunk.bytes),
            Ok(None) | Err(_) => return Ok(()),
        }
    }
}
