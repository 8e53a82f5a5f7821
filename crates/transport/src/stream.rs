//! The two halves of a stream after the exchange of hellos: a writer that combines frames, and a reader that separates
//! them.

use crate::frame::{FrameError, Head, next};
use crate::limits::{BODY_BYTES_MAX, READ_BYTES_MAX};
use crate::outbox::{Outbox, QueuedFrame};
use henge_base::{Bytes, BytesMut};
use tokio::time::Instant;

/// Maximum capacity in bytes that a writer's buffer keeps between writes.
const KEPT_BUFFER_BYTES_MAX: usize = 1 << 20;

/// Writes queued frames until the outbox is closed or the stream breaks. `unsent` receives the frames whose deadline
/// has passed.
pub(crate) async fn write(outbox: &Outbox, mut stream: quinn::SendStream, unsent: impl Fn(QueuedFrame)) {
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
        if buffer.capacity() > KEPT_BUFFER_BYTES_MAX {
            buffer = Vec::new();
        }
    }
}

/// Reads frames until the stream ends; an error if the input is not a frame.
pub(crate) async fn read(
    stream: &mut quinn::RecvStream,
    mut input: BytesMut,
    mut frame: impl FnMut(Head, Bytes),
) -> Result<(), FrameError> {
    loop {
        while let Some((head, body)) = next(&mut input, BODY_BYTES_MAX)? {
            frame(head, body);
        }
        match stream.read_chunk(READ_BYTES_MAX, true).await {
            Ok(Some(chunk)) => input.extend_from_slice(&chunk.bytes),
            Ok(None) | Err(_) => return Ok(()),
        }
    }
}
