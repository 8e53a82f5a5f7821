//! The send queue of a stream: any task adds frames, and the stream's writer takes them all at once.

use crate::frame::Head;
use crate::limits::{BODY_BYTES_MAX, QUEUE_BYTES_MAX};
use henge_base::Bytes;
use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio::time::Instant;

/// A queued frame. After its deadline it is not sent any more.
#[derive(Debug)]
pub(crate) struct QueuedFrame {
    pub(crate) head: Head,
    pub(crate) body: Bytes,
    pub(crate) deadline: Option<Instant>,
}

/// The send queue of one stream.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    queue: Mutex<Queue>,
    wake: Notify,
}

#[derive(Debug, Default)]
struct Queue {
    frames: Vec<QueuedFrame>,
    bytes: usize,
    closed: bool,
}

/// The queue is full or closed, or the frame too long. It was not queued.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NotQueued;

impl Outbox {
    /// Adds a frame to the queue.
    pub(crate) fn push(&self, waiting: QueuedFrame) -> Result<(), NotQueued> {
        let bytes = waiting.body.len();
        let first = {
            let mut queue = self.queue.lock();
            if queue.closed || bytes > BODY_BYTES_MAX || queue.bytes + bytes > QUEUE_BYTES_MAX {
                return Err(NotQueued);
            }
            queue.bytes += bytes;
            queue.frames.push(waiting);
            queue.frames.len() == 1
        };
        if first {
            self.wake.notify_one();
        }
        Ok(())
    }

    /// Waits for frames and takes all of them; returns none once the queue is closed.
    pub(crate) async fn take(&self) -> Vec<QueuedFrame> {
        loop {
            let wake = self.wake.notified();
            {
                let mut queue = self.queue.lock();
                if queue.closed || !queue.frames.is_empty() {
                    queue.bytes = 0;
                    return std::mem::take(&mut queue.frames);
                }
            }
            wake.await;
        }
    }

    /// Waits until there is a frame to send, or the queue is closed.
    pub(crate) async fn wait_for_frames(&self) {
        loop {
            let wake = self.wake.notified();
            {
                let queue = self.queue.lock();
                if queue.closed || !queue.frames.is_empty() {
                    return;
                }
            }
            wake.await;
        }
    }

    /// Closes the queue and returns the frames that were not sent.
    pub(crate) fn close(&self) -> Vec<QueuedFrame> {
        let mut queue = self.queue.lock();
        queue.closed = true;
        queue.bytes = 0;
        let left = std::mem::take(&mut queue.frames);
        drop(queue);
        self.wake.notify_one();
        left
    }

    /// Bytes of bodies that wait to be sent.
    pub(crate) fn bytes(&self) -> usize {
        self.queue.lock().bytes
    }
}
