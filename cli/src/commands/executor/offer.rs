//! `infera executor offer`

use std::fmt::{self, Display};

use alloy::primitives::B256;
use infera_indexer::Wei;
use infera_sdk::{Client, Operator};
use serde::Serialize;

use super::OwnerArguments;
use crate::{
    amount,
    catalogue::{Catalogue, Choice, Class, ModelArguments},
    output::Output,
};

const EXAMPLES: &str = "\
Examples:
  infera executor offer --deployment deployment.json --key-file owner.json --price 0.00001 --capacity 4
  infera executor offer --deployment deployment.json --key-file owner.json --price 0 --capacity 0

The last form withdraws the offer. Offers act on jobs that are asked for from the next epoch on.";

#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    #[command(flatten)]
    owner: OwnerArguments,
    #[command(flatten)]
    offer: OfferArguments,
}

/// What an executor offers.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct OfferArguments {
    #[command(flatten)]
    model: ModelArguments,

    /// Lowest price per unit (token) that the executor works for, in INFER
    #[arg(long, value_name = "AMOUNT", value_parser = amount::parse_u128)]
    price: u128,

    /// Jobs that it takes at a time; 0 withdraws the offer
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    capacity: u16,
}

impl OfferArguments {
    /// Resolves the model that is meant.
    pub(super) async fn choose(&self, client: &Client) -> anyhow::Result<Choice> {
        Catalogue::read(client).await?.choose(&self.model)
    }

    /// Sets the offer.
    pub(super) async fn set(&self, operator: &Operator, choice: &Choice) -> anyhow::Result<Offer> {
        let Choice { model, version, runtime_class, .. } = *choice;
        operator.offer(model, version, runtime_class, self.price, self.capacity).await?;
        Ok(Offer {
            model,
            name: choice.name.clone(),
            version,
            runtime_class,
            price_per_unit: self.price.into(),
            capacity: self.capacity,
        })
    }
}

/// An offer that was set.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Offer {
    model: B256,
    name: String,
    version: u32,
    runtime_class: B256,
    price_per_unit: Wei,
    capacity: u16,
}

impl Display for Offer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, version, capacity, price_per_unit, .. } = self;
        if *capacity == 0 {
            return write!(f, "{name} version {version} is not offered any more");
        }
        let class = Class(self.runtime_class);
        write!(f, "{name} version {version} ({class}) is offered at {price_per_unit} a unit, {capacity} at a time")
    }
}

pub(crate) async fn run(arguments: &Arguments, output: Output) -> anyhow::Result<()> {
    let (client, operator, _) = arguments.owner.registered().await?;
    let choice = arguments.offer.choose(&client).await?;
    output.print(&arguments.offer.set(&operator, &choice).await?)
}
