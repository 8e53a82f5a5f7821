//! The number of hints that are sent to a target at once.

/// Hints of the first window.
const START: usize = 16;

/// A window that grows while all of it is acknowledged: a node that has just come up takes little at first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Window {
    hints: usize,
    max: usize,
}

impl Window {
    /// The first window, of those that hold so many hints at most.
    pub(super) fn first(max: usize) -> Window {
        Window { hints: START.min(max), max }
    }

    /// Number of hints that it holds.
    pub(super) fn hints(self) -> usize {
        self.hints
    }

    /// The next window, after all of this one was acknowledged.
    #[must_use]
    pub(super) fn grow(self) -> Window {
        Window { hints: (self.hints * 2).min(self.max), ..self }
    }

    /// The next window, after some of this one was not.
    #[must_use]
    pub(super) fn shrink(self) -> Window {
        Window { hints: (self.hints / 2).max(START.min(self.max)), ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_grow_to_a_bound_and_shrink_to_the_first() {
        let sizes: Vec<usize> =
            std::iter::successors(Some(Window::first(1_024)), |w| Some(w.grow())).map(Window::hints).take(8).collect();
        assert_eq!(sizes, [16, 32, 64, 128, 256, 512, 1024, 1024]);
        assert_eq!(Window::first(1_024).grow().grow().shrink().hints(), 32);
        assert_eq!(Window::first(1_024).shrink(), Window::first(1_024));
        assert_eq!(Window::first(3).grow().shrink().hints(), 3);
    }
}
