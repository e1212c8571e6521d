//! Handles to break a running network: its chain, its time and its indexer. Those to an executor are its own.

use infera_devnet::Orphans;

use crate::{Error, Network, Result, network::start_indexer};

impl Network {
    /// Stops making blocks. Transactions wait, and what is asked is answered.
    ///
    /// # Errors
    /// If the chain is another process that does not answer.
    pub async fn pause_mining(&self) -> Result<()> {
        self.chain.stop_mining().await
    }

    /// Makes blocks at the network's interval again.
    ///
    /// # Errors
    /// As [`Self::pause_mining`].
    pub async fn resume_mining(&self) -> Result<()> {
        self.chain.mine_every(self.block_time).await
    }

    /// Makes so many blocks now.
    ///
    /// # Errors
    /// As [`Self::pause_mining`].
    pub async fn mine(&self, count: u64) -> Result<()> {
        self.chain.mine(count).await
    }

    /// Moves the chain's time forward, and makes a block there.
    ///
    /// # Errors
    /// As [`Self::pause_mining`].
    pub async fn advance_time(&self, seconds: u64) -> Result<()> {
        self.chain.skip(seconds).await
    }

    /// Replaces the last `depth` blocks by as many others. On a chain of another process their transactions can only be
    /// dropped.
    ///
    /// # Errors
    /// If there are not that many blocks after the first, or the chain can't do it.
    pub async fn reorganize(&self, depth: u64, orphans: Orphans) -> Result<()> {
        self.chain.reorganize(depth, orphans).await
    }

    /// Stops answering JSON-RPC over HTTP: connections to [`Self::rpc_url`] are refused. Parts in this process that are not
    /// behind a [faulty RPC](crate::FaultyRpc) do not notice.
    ///
    /// # Errors
    /// If the chain is not this network's own.
    pub async fn cut_rpc(&mut self) -> Result<()> {
        self.chain.cut().await
    }

    /// Answers JSON-RPC over HTTP again, at the same address.
    ///
    /// # Errors
    /// If the address was taken meanwhile.
    pub async fn restore_rpc(&mut self) -> Result<()> {
        self.chain.restore().await
    }

    /// Stops the indexer: the block in hand is written, open requests are answered. Its store stays.
    ///
    /// # Errors
    /// Why it had ended before.
    pub async fn stop_indexer(&mut self) -> Result<()> {
        match self.indexer.take() {
            Some(indexer) => Ok(indexer.stop().await?),
            None => Ok(()),
        }
    }

    /// Ends the indexer at once: what it has in hand is lost, and open connections are cut. Its store stays.
    pub async fn kill_indexer(&mut self) {
        if let Some(indexer) = self.indexer.take() {
            indexer.kill().await;
        }
    }

    /// Starts the indexer on the store that it left, at the same address, where it was stopped.
    ///
    /// # Errors
    /// If it runs, or can't listen where it did.
    pub async fn restart_indexer(&mut self) -> Result<()> {
        if self.indexer.is_some() {
            return Err(Error::Unknown("the indexer runs; stop it first".to_owned()));
        }
        let (directory, address) = (self.directory.path(), self.indexer_address);
        let started =
            start_indexer(&self.chain, self.indexer_rpc.as_ref(), &self.deployment, directory, address).await?;
        self.indexer = Some(started);
        Ok(())
    }
}
