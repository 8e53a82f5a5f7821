//! Knowing that no newer metadata had been agreed on when one asked: a majority of the voters says so.

use crate::cluster::Cluster;
use crate::cluster::agree::AgreementError;
use crate::cluster::propose::ChangeError;
use crate::ground::world::World;
use henge_base::Mono;

impl<W: World> Cluster<W> {
    /// Brings this node to an epoch such that nothing newer had been agreed on when this was called. Fails if no majority of the voters can
    /// be asked before the deadline.
    pub(crate) async fn become_newest(&self, deadline: Mono) -> Result<(), ChangeError> {
        let needed = self.log_looks.next();
        let left = deadline.since(self.context.world.mono());
        let Some(_lock) = self.context.within(left, self.log_looks.lock.lock()).await else {
            let text = format!("its voters have not answered for {left:?}");
            return Err(ChangeError::Unreachable(text));
        };
        if self.log_looks.has_succeeded(needed) {
            return Ok(());
        }
        let look = self.log_looks.begin();
        loop {
            let state = self.view().state.clone();
            match self.confirm_end(&state, deadline).await {
                Ok(true) => break,
                Ok(false) => {}
                Err(AgreementError::NotProposed(reason) | AgreementError::Unknown(reason)) => {
                    return Err(ChangeError::Unreachable(reason));
                }
            }
        }
        self.log_looks.succeed(look);
        Ok(())
    }
}
