//! Requests on behalf of others: prepaid accounts, many jobs at once, signed orders, subscriptions.

use std::collections::BTreeMap;

use alloy::{
    primitives::{Address, B256, Bytes, U256, keccak256},
    sol_types::{SolCall, SolEvent, SolValue},
};
use infera_contracts::{
    IJobDesk::{
        self, DeskAccount, IJobDeskCalls, Item, Order, Subscription, requestSignedCall, serveCall, subscribeCall,
    },
    IJobRegistry,
};
use infera_protocol::{eip712, terms::TERMS_TYPE};

use super::{
    Model,
    config::{Code, Mutation},
    outcome::{Refusal, Result, ensure},
    owed::Owed,
    registry::{escrow_of, hash_of},
    signature::signer_of,
};

const ORDER_TYPE: &str = "Order(Terms terms,uint256 deadline,uint128 relayFee,bytes32 inputUriHash)";

/// All of the desk.
#[derive(Debug, Clone, Default)]
pub(crate) struct Desk {
    accounts: BTreeMap<Address, DeskAccount>,
    /// The first interval of each subscription that isn't served.
    pub(crate) ends: BTreeMap<B256, u64>,
    pub(crate) owed: Owed,
}

impl Desk {
    pub(crate) fn account(&self, account: Address) -> DeskAccount {
        self.accounts.get(&account).cloned().unwrap_or_default()
    }

    fn account_mut(&mut self, account: Address) -> &mut DeskAccount {
        self.accounts.entry(account).or_default()
    }
}

/// What is asked: the input, the parameters, and where the input can be fetched.
type Contents<'a> = (&'a Bytes, &'a Bytes, &'a str);

impl Model {
    pub(super) fn run_desk(&mut self, from: Address, value: u128, call: &IJobDeskCalls) -> Result<Bytes> {
        use IJobDeskCalls as Calls;
        match call {
            Calls::deposit(call) => self.deposit(from, call.account, value)?,
            Calls::startThaw(call) => self.start_thaw(from, call.amount)?,
            Calls::cancelThaw(_) => self.cancel_thaw(from)?,
            Calls::withdrawThawed(call) => self.withdraw_thawed(call.account)?,
            Calls::withdrawFor(call) => {
                self.withdraw_owed(self.config.at.job_desk, |model| &mut model.desk.owed, call.account)?;
            }
            Calls::requestMany(call) => {
                let jobs = self.request_many(from, value, &call.items)?;
                return Ok(IJobDesk::requestManyCall::abi_encode_returns(&jobs).into());
            }
            Calls::requestSigned(call) => {
                let job = self.request_signed(from, call)?;
                return Ok(requestSignedCall::abi_encode_returns(&job).into());
            }
            Calls::subscribe(call) => {
                let subscription = self.subscribe(from, call)?;
                return Ok(subscribeCall::abi_encode_returns(&subscription).into());
            }
            Calls::cancelSubscription(call) => self.cancel_subscription(from, &call.subscription)?,
            Calls::serve(call) => {
                let job = self.serve(from, call)?;
                return Ok(serveCall::abi_encode_returns(&job).into());
            }
            other => panic!("not modelled: {other:?}"),
        }
        Ok(Bytes::new())
    }

    fn emit_desk(&mut self, event: impl SolEvent) {
        self.emit(self.config.at.job_desk, event.encode_log_data());
    }

    // ---------------------------------------------------------------- accounts

    fn deposit(&mut self, from: Address, account: Address, value: u128) -> Result<()> {
        ensure(value != 0, || IJobDesk::ZeroAmount {})?;
        self.desk.owed.liabilities += value;
        let kept = self.desk.account_mut(account);
        kept.balance += value;
        let (amount, balance) = (U256::from(value), U256::from(kept.balance));
        self.emit_desk(IJobDesk::Deposited { account, from, amount, balance });
        Ok(())
    }

    fn start_thaw(&mut self, account: Address, amount: u128) -> Result<()> {
        ensure(amount != 0, || IJobDesk::ZeroAmount {})?;
        let balance = self.desk.account(account).balance;
        let amounts = (U256::from(amount), U256::from(balance));
        ensure(amount <= balance, || insufficient(account, amounts.0, amounts.1))?;
        let thawed_at = self.time + u64::from(self.config.thaw_period);
        let kept = self.desk.account_mut(account);
        (kept.thawing, kept.thawedAt) = (amount, thawed_at);
        self.emit_desk(IJobDesk::ThawStarted { account, amount: amounts.0, thawedAt: U256::from(thawed_at) });
        Ok(())
    }

    fn cancel_thaw(&mut self, account: Address) -> Result<()> {
        ensure(self.desk.account(account).thawing != 0, || IJobDesk::NothingThawing { account })?;
        let kept = self.desk.account_mut(account);
        (kept.thawing, kept.thawedAt) = (0, 0);
        self.emit_desk(IJobDesk::ThawCancelled { account });
        Ok(())
    }

    fn withdraw_thawed(&mut self, account: Address) -> Result<()> {
        let DeskAccount { balance, thawing, thawedAt } = self.desk.account(account);
        ensure(thawing != 0, || IJobDesk::NothingThawing { account })?;
        let thawed = self.time >= thawedAt || self.is_mutated(Mutation::QuickThaw);
        ensure(thawed, || IJobDesk::NotThawed { account, thawedAt: U256::from(thawedAt) })?;
        let wei = thawing.min(balance);
        *self.desk.account_mut(account) = DeskAccount { balance: balance - wei, thawing: 0, thawedAt: 0 };
        self.desk.owed.liabilities -= wei;
        self.emit_desk(IJobDesk::AccountWithdrawn { account, amount: U256::from(wei) });
        self.pay_from(self.config.at.job_desk, account, wei)
    }

    // ---------------------------------------------------------------- requests

    fn request_many(&mut self, from: Address, value: u128, items: &[Item]) -> Result<Vec<B256>> {
        if value != 0 {
            self.deposit(from, from, value)?;
        }
        Ok(items.iter().map(|item| self.try_request(from, item)).collect())
    }

    /// Zero for a request that isn't taken, of which only the event tells.
    fn try_request(&mut self, from: Address, item: &Item) -> B256 {
        let terms = of_registry(&item.terms);
        let (requester, nonce) = (terms.requester, terms.nonce);
        let asked = ensure(requester == from, || IJobDesk::NotRequester { caller: from, requester }).and_then(|()| {
            let escrow = self.affordable(&terms, 0)?;
            let contents = (&item.input, &item.parameterBytes, &*item.inputUri);
            let job = self.whole_or_nothing(|model| model.pay_and_request(&terms, escrow, contents))?;
            self.charge(requester, job, escrow, Address::ZERO, 0);
            Ok(job)
        });
        asked.unwrap_or_else(|Refusal(reason)| {
            self.emit_desk(IJobDesk::RequestRefused { requester, nonce, reason });
            B256::ZERO
        })
    }

    fn request_signed(&mut self, from: Address, call: &requestSignedCall) -> Result<B256> {
        let order = &call.order;
        ensure(!order.deadline.is_zero(), || IJobDesk::OrderWithoutDeadline {})?;
        ensure(U256::from(self.time) <= order.deadline, || IJobDesk::OrderExpired { deadline: order.deadline })?;
        check_uri(order.inputUriHash, &call.inputUri)?;
        let requester = order.terms.requester;
        let by_key = signer_of(self.order_digest(order), &call.signature) == Some(requester);
        let signed = by_key || self.codes.get(&requester) == Some(&Code::Signs);
        ensure(signed, || IJobDesk::InvalidSignature { requester })?;
        if self.is_mutated(Mutation::RepeatedOrder) {
            self.nonces.remove(&(requester, order.terms.nonce));
        }
        let contents = (&call.input, &call.parameterBytes, &*call.inputUri);
        self.request_for(from, &of_registry(&order.terms), order.relayFee, contents)
    }

    /// What the requester of an order signs.
    pub(crate) fn order_digest(&self, order: &Order) -> B256 {
        let order_type = keccak256([ORDER_TYPE, TERMS_TYPE].concat());
        let members = (order_type, hash_of(&order.terms), order.deadline, order.relayFee, order.inputUriHash);
        let domain = eip712::domain(self.config.chain_id, self.config.at.job_desk).separator();
        keccak256([&[0x19, 0x01], domain.as_slice(), keccak256(members.abi_encode()).as_slice()].concat())
    }

    /// Requests a job for its requester, who has agreed to it, and pays the caller the fee.
    fn request_for(
        &mut self,
        from: Address,
        terms: &IJobRegistry::Terms,
        fee: u128,
        contents: Contents<'_>,
    ) -> Result<B256> {
        let escrow = self.affordable(terms, fee)?;
        let job = self.pay_and_request(terms, escrow, contents)?;
        self.charge(terms.requester, job, escrow, from, fee);
        Ok(job)
    }

    /// The escrow of a job that its requester's account can pay for.
    fn affordable(&self, terms: &IJobRegistry::Terms, fee: u128) -> Result<u128> {
        ensure(terms.refundTo != self.config.at.job_desk, || IJobDesk::RefundToDesk {})?;
        let account = terms.requester;
        let (escrow, balance) = (escrow_of(terms), U256::from(self.desk.account(account).balance));
        let required = escrow + U256::from(fee);
        ensure(balance >= required, || insufficient(account, required, balance))?;
        Ok(escrow.to())
    }

    fn pay_and_request(&mut self, terms: &IJobRegistry::Terms, escrow: u128, contents: Contents<'_>) -> Result<B256> {
        let (input, parameters, uri) = contents;
        let desk = self.config.at.job_desk;
        self.ledger.transfer(desk, self.config.at.job_registry, escrow);
        let call = IJobRegistry::requestCall {
            terms: terms.clone(),
            input: input.clone(),
            parameters: parameters.clone(),
            inputUri: uri.to_owned(),
        };
        self.request(desk, escrow, &call)
    }

    /// Takes what a job cost from its requester's account.
    fn charge(&mut self, account: Address, job: B256, escrow: u128, payee: Address, fee: u128) {
        self.desk.account_mut(account).balance -= escrow + fee;
        self.desk.owed.liabilities -= escrow;
        self.desk.owed.credit(payee, fee);
        let (escrow, fee) = (U256::from(escrow), U256::from(fee));
        self.emit_desk(IJobDesk::Charged { account, jobId: job, escrow, payee, fee });
    }

    // ---------------------------------------------------------------- subscriptions

    /// Names a subscription.
    pub(crate) fn subscription_id(&self, subscription: &Subscription) -> B256 {
        let members = (
            keccak256("INFERA-SUBSCRIPTION-v1"),
            U256::from(self.config.chain_id),
            self.config.at.job_desk,
            hash_of(&subscription.terms),
            subscription.start,
            subscription.period,
            subscription.count,
            subscription.serveFee,
            subscription.inputUriHash,
        );
        keccak256(members.abi_encode())
    }

    fn end_of(&self, subscriptionId: B256) -> Result<u64> {
        let end = self.desk.ends.get(&subscriptionId);
        end.copied().ok_or_else(|| Refusal::of(IJobDesk::UnknownSubscription { subscriptionId }))
    }

    fn subscribe(&mut self, from: Address, call: &subscribeCall) -> Result<B256> {
        let subscription = &call.subscription;
        let requester = subscription.terms.requester;
        ensure(from == requester, || IJobDesk::NotRequester { caller: from, requester })?;
        for (holds, field) in [
            (subscription.period != 0, "period"),
            (subscription.count != 0, "count"),
            (subscription.start >= self.time, "start"),
        ] {
            ensure(holds, || IJobDesk::InvalidSubscription { field: field.to_owned() })?;
        }
        check_uri(subscription.inputUriHash, &call.inputUri)?;
        let subscriptionId = self.subscription_id(subscription);
        let first = self.desk.ends.insert(subscriptionId, subscription.count.into()).is_none();
        ensure(first, || IJobDesk::AlreadySubscribed { subscriptionId })?;
        self.emit_desk(IJobDesk::Subscribed {
            subscriptionId,
            requester,
            subscription: subscription.clone(),
            input: call.input.clone(),
            parameterBytes: call.parameterBytes.clone(),
            inputUri: call.inputUri.clone(),
        });
        Ok(subscriptionId)
    }

    /// The present interval can still be served.
    fn cancel_subscription(&mut self, from: Address, subscription: &Subscription) -> Result<()> {
        let requester = subscription.terms.requester;
        ensure(from == requester, || IJobDesk::NotRequester { caller: from, requester })?;
        let subscriptionId = self.subscription_id(subscription);
        let end = self.end_of(subscriptionId)?;
        let since_start = self.time.checked_sub(subscription.start);
        let next = since_start.map_or(0, |seconds| seconds / u64::from(subscription.period) + 1);
        let end = end.min(next);
        self.desk.ends.insert(subscriptionId, end);
        self.emit_desk(IJobDesk::SubscriptionCancelled { subscriptionId, endInterval: U256::from(end) });
        Ok(())
    }

    fn serve(&mut self, from: Address, call: &serveCall) -> Result<B256> {
        let (subscription, interval) = (&call.subscription, call.interval);
        let subscriptionId = self.subscription_id(subscription);
        let end = U256::from(self.end_of(subscriptionId)?);
        ensure(interval < end, || IJobDesk::IntervalEnded { subscriptionId, interval, endInterval: end })?;
        let begin = U256::from(subscription.start) + interval * U256::from(subscription.period);
        let until = begin + U256::from(subscription.period);
        let now = U256::from(self.time);
        ensure(begin <= now && now < until, || IJobDesk::NotServable { subscriptionId, interval, from: begin, until })?;
        check_uri(subscription.inputUriHash, &call.inputUri)?;
        let mut terms = of_registry(&subscription.terms);
        terms.nonce = nonce_of(subscriptionId, interval);
        let contents = (&call.input, &call.parameterBytes, &*call.inputUri);
        let job = self.request_for(from, &terms, subscription.serveFee, contents)?;
        self.emit_desk(IJobDesk::IntervalServed { subscriptionId, interval, jobId: job });
        Ok(job)
    }
}

/// The nonce of an interval's job.
pub(crate) fn nonce_of(subscription: B256, interval: U256) -> U256 {
    (U256::from_be_bytes(subscription.0) & !U256::from(0xff)).wrapping_add(interval)
}

/// The desk's terms as the job registry's, which are the same.
fn of_registry(terms: &IJobDesk::Terms) -> IJobRegistry::Terms {
    IJobRegistry::Terms::abi_decode(&terms.abi_encode()).unwrap()
}

fn insufficient(account: Address, required: U256, balance: U256) -> IJobDesk::InsufficientBalance {
    IJobDesk::InsufficientBalance { account, required, balance }
}

fn check_uri(expected: B256, uri: &str) -> Result<()> {
    let actual = keccak256(uri);
    ensure(actual == expected, || IJobDesk::InputUriMismatch { expected, actual })
}
