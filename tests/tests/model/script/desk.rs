//! Transactions at the desk.

use alloy::{
    primitives::{Address, B256, Bytes, Signature, U256, keccak256, uint},
    signers::{SignerSync, local::PrivateKeySigner},
    sol_types::SolValue,
};
use infera_contracts::{
    IJobDesk::{self, IJobDeskCalls, Item, Order, Subscribed, Subscription, requestSignedCall, subscribeCall},
    IJobRegistry,
};

use super::Script;
use crate::{
    model::Model,
    operation::{Asked, Calls, Keeper, Operation, Signed},
};

/// The order of the curve's group.
const CURVE_ORDER: U256 = uint!(0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141_U256);

impl Script {
    pub(super) fn desk_call(&mut self, model: &Model, operation: &Operation) -> Option<(Address, u128, IJobDeskCalls)> {
        use IJobDeskCalls as To;
        use Operation as Op;
        let (from, call) = match operation {
            Op::Deposit { account, amount, by } => {
                let call = IJobDesk::depositCall { account: self.account(*account) };
                return Some((self.account(*by), *amount, To::deposit(call)));
            }
            Op::DepositFor { target, amount, by } => {
                let call = IJobDesk::depositCall { account: self.target(*target) };
                return Some((self.account(*by), *amount, To::deposit(call)));
            }
            Op::StartThaw { amount, by } => {
                let from = self.account(*by);
                let amount = if *amount == u128::MAX { model.desk.account(from).balance } else { *amount };
                (from, To::startThaw(IJobDesk::startThawCall { amount }))
            }
            Op::CancelThaw { by } => (self.account(*by), To::cancelThaw(IJobDesk::cancelThawCall {})),
            Op::WithdrawThawed { account } => {
                let call = IJobDesk::withdrawThawedCall { account: self.account(*account) };
                (self.account(0), To::withdrawThawed(call))
            }
            Op::WithdrawFrom { keeper: Keeper::Desk, account } => {
                let call = IJobDesk::withdrawForCall { account: self.account(*account) };
                (self.account(0), To::withdrawFor(call))
            }
            Op::RequestMany { requests: Calls(requests), value, by } => {
                let asked = requests.iter().filter_map(|request| self.asked(model, request));
                let items = asked.map(|(_, _, call)| item(call)).collect();
                let call = IJobDesk::requestManyCall { items };
                return Some((self.account(*by), *value, To::requestMany(call)));
            }
            Op::Order { by, .. } => {
                let order = self.order(model, operation)?;
                self.order = Some(order.clone());
                (self.account(*by), To::requestSigned(order))
            }
            // Before the first, nothing that anybody has signed.
            Op::OrderAgain { by } => {
                let order = self.order.clone().unwrap_or_else(|| requestSignedCall {
                    order: Order {
                        terms: of_desk(&self.template(model)),
                        deadline: U256::MAX,
                        relayFee: 0,
                        inputUriHash: keccak256([]),
                    },
                    signature: Bytes::new(),
                    input: Bytes::new(),
                    parameterBytes: Bytes::new(),
                    inputUri: String::new(),
                });
                (self.account(*by), To::requestSigned(order))
            }
            Op::Subscribe { request: Asked(request), wait, period, count, serve_fee, truly, by } => {
                let (_, _, asked) = self.asked(model, request)?;
                let Item { terms, input, parameterBytes, inputUri } = item(asked);
                let subscription = Subscription {
                    start: (model.time() + u64::from(*wait)).saturating_sub(1),
                    period: *period,
                    count: *count,
                    serveFee: u128::from(*serve_fee),
                    inputUriHash: uri_hash(&inputUri, *truly),
                    terms,
                };
                let from = self.sender(*by, subscription.terms.requester);
                (from, To::subscribe(subscribeCall { subscription, input, parameterBytes, inputUri }))
            }
            Op::SubscribeAgain { subscription, by } => {
                let Subscribed { subscription, input, parameterBytes, inputUri, .. } =
                    self.subscription(model, *subscription);
                let from = self.sender(*by, subscription.terms.requester);
                (from, To::subscribe(subscribeCall { subscription, input, parameterBytes, inputUri }))
            }
            Op::Serve { subscription, interval, truly, by } => {
                let subscribed = self.subscription(model, *subscription);
                let mut inputUri = subscribed.inputUri;
                if !truly {
                    inputUri.push('x');
                }
                let call = IJobDesk::serveCall {
                    subscription: subscribed.subscription,
                    interval: U256::from(*interval),
                    input: subscribed.input,
                    parameterBytes: subscribed.parameterBytes,
                    inputUri,
                };
                (self.account(*by), To::serve(call))
            }
            Op::CancelSubscription { subscription, by } => {
                let subscription = self.subscription(model, *subscription).subscription;
                let from = self.sender(*by, subscription.terms.requester);
                (from, To::cancelSubscription(IJobDesk::cancelSubscriptionCall { subscription }))
            }
            _ => return None,
        };
        Some((from, 0, call))
    }

    /// One that there isn't has an interval for each second.
    pub(super) fn subscription(&self, model: &Model, subscription: u8) -> Subscribed {
        let position = self.subscriptions.len().checked_sub(usize::from(subscription) + 1);
        position.map_or_else(
            || {
                let terms = of_desk(&self.template(model));
                let (start, period, count) = (model.time(), 1, 1);
                let subscription =
                    Subscription { terms, start, period, count, serveFee: 0, inputUriHash: keccak256([]) };
                Subscribed {
                    subscriptionId: B256::ZERO,
                    requester: subscription.terms.requester,
                    subscription,
                    input: Bytes::new(),
                    parameterBytes: Bytes::new(),
                    inputUri: String::new(),
                }
            },
            |position| self.subscriptions[position].clone(),
        )
    }

    fn order(&mut self, model: &Model, operation: &Operation) -> Option<requestSignedCall> {
        let Operation::Order { request: Asked(request), lasts, relay_fee, signed, .. } = operation else { return None };
        let (_, _, asked) = self.asked(model, request)?;
        let Item { mut terms, input, parameterBytes, inputUri } = item(asked);
        if let Signed::ByWallet(wallet) = signed {
            terms.requester = self.target(*wallet);
        }
        let deadline = match signed {
            Signed::WithoutDeadline => 0,
            Signed::Expired => model.time() - 1,
            _ => model.time() + u64::from(*lasts),
        };
        let mut order = Order {
            deadline: U256::from(deadline),
            relayFee: u128::from(*relay_fee),
            inputUriHash: uri_hash(&inputUri, *signed != Signed::OtherUri),
            terms,
        };
        let signer = match signed {
            Signed::ByAnother | Signed::ByWallet(_) => self.account(0),
            _ => order.terms.requester,
        };
        let signature = signature(self.key_of(signer)?, model.order_digest(&order));
        let signature = match signed {
            Signed::TooShort => too_short(signature),
            Signed::Mirrored => mirrored(signature),
            _ => signature.as_bytes().into(),
        };
        if *signed == Signed::Altered {
            order.relayFee += 1;
        }
        Some(requestSignedCall { order, signature, input, parameterBytes, inputUri })
    }
}

/// The job registry's terms as the desk's, which are the same.
pub(super) fn of_desk(terms: &IJobRegistry::Terms) -> IJobDesk::Terms {
    IJobDesk::Terms::abi_decode(&terms.abi_encode()).unwrap()
}

fn item(call: IJobRegistry::requestCall) -> Item {
    Item { terms: of_desk(&call.terms), input: call.input, parameterBytes: call.parameters, inputUri: call.inputUri }
}

fn uri_hash(uri: &str, truly: bool) -> B256 {
    if truly { keccak256(uri) } else { B256::repeat_byte(3) }
}

pub(super) fn signature(key: &PrivateKeySigner, digest: B256) -> Signature {
    key.sign_hash_sync(&digest).unwrap()
}

/// Without its last byte.
pub(super) fn too_short(signature: Signature) -> Bytes {
    signature.as_bytes()[..64].to_vec().into()
}

/// Of the same key and digest, with s in the upper half.
pub(super) fn mirrored(signature: Signature) -> Bytes {
    Signature::new(signature.r(), CURVE_ORDER - signature.s(), !signature.v()).as_bytes().into()
}
