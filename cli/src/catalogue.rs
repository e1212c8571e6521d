//! The models that are published on a network, read from the registry's events, and the choice of one.

use std::fmt::{self, Display};

use alloy::{
    primitives::B256,
    providers::Provider as _,
    rpc::types::{Filter, Log},
};
use anyhow::{Context as _, bail};
use infera_indexer::{
    event::{IndexedEvent, InferaEvent, Source},
    fold::{ModelRecord, Record as _, RuntimeClassRecord, VersionRecord},
    names::VersionStatus,
};
use infera_protocol::{ids, task::Task};
use infera_sdk::{Client, Error};
use serde::Serialize;

/// Flags that choose a model on a network.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct ModelArguments {
    /// The model's id [default: the network's only model]
    #[arg(long, value_name = "ID")]
    model: Option<B256>,

    /// The model's version [default: the latest active one]
    #[arg(long, value_name = "NUMBER", requires = "model")]
    version: Option<u32>,

    /// Runtime class, for instance fp32/libtorch-2.11, or its hash [default: the version's only class]
    #[arg(long, value_name = "NAME", value_parser = runtime_class)]
    class: Option<B256>,
}

/// A runtime class by its name or its hash.
fn runtime_class(text: &str) -> Result<B256, String> {
    if text.starts_with("0x") {
        text.parse().map_err(|_| "a hash has 32 bytes".to_owned())
    } else {
        Ok(ids::runtime_class(text))
    }
}

/// A model version in a runtime class: what executors offer and requesters ask for.
#[derive(Debug, Clone)]
pub(crate) struct Choice {
    pub(crate) model: B256,
    pub(crate) name: String,
    pub(crate) version: u32,
    pub(crate) runtime_class: B256,
    pub(crate) task: Task,
}

/// All models of a network, oldest first.
#[derive(Debug, Clone, Serialize)]
#[serde(transparent)]
pub(crate) struct Catalogue(Vec<ModelRecord>);

impl Catalogue {
    pub(crate) async fn read(client: &Client) -> anyhow::Result<Self> {
        let deployment = client.deployment();
        let filter = Filter::new().address(deployment.model_registry).from_block(deployment.deployed_at_block);
        let logs = client.provider().get_logs(&filter).await;
        let logs = logs.map_err(|error| Error::from_rpc("reading the published models", error))?;
        let mut models: Vec<ModelRecord> = Vec::new();
        for event in logs.into_iter().filter_map(registry_event) {
            match models.iter_mut().find(|model| Some(model.id) == event.event.model()) {
                Some(model) => model.apply(&event),
                None => models.extend(ModelRecord::begin(&event)),
            }
        }
        Ok(Self(models))
    }

    /// What the flags name, or what there is only one of.
    pub(crate) fn choose(&self, arguments: &ModelArguments) -> anyhow::Result<Choice> {
        let model = match (arguments.model, self.0.as_slice()) {
            (_, []) => bail!("no model is published on this network yet: publish one with `infera model publish`"),
            (None, [only]) => only,
            (None, models) => bail!("the network has {} models, choose one with --model:\n{self}", models.len()),
            (Some(id), models) => models.iter().find(|model| model.id == id).with_context(|| {
                format!("model {id} is not published on this network; --model takes the id of one that is:\n{self}")
            })?,
        };
        let shown = Shown(model);
        let active = |version: &&VersionRecord| version.status == VersionStatus::Active;
        let named = |version: &&VersionRecord| arguments.version.is_none_or(|number| version.version == number);
        let version = model.versions.iter().filter(active).rfind(named).with_context(|| match arguments.version {
            Some(number) => format!("{} has no active version {number}; its versions are:\n{shown}", model.name),
            None => format!("{} has no active version; its versions are:\n{shown}", model.name),
        })?;
        let classes: Vec<B256> = version.runtime_classes.iter().map(|record| record.runtime_class).collect();
        let runtime_class = match (arguments.class, classes.as_slice()) {
            (None, [only]) => *only,
            (Some(class), classes) if classes.contains(&class) => class,
            (None, _) => bail!("{} runs in several classes, choose one with --class:\n{shown}", model.name),
            (Some(class), _) => bail!("{} does not run in class {class}; its classes are:\n{shown}", model.name),
        };
        Ok(Choice {
            model: model.id,
            name: model.name.clone(),
            version: version.version,
            runtime_class,
            task: Task::try_from(version.task)?,
        })
    }
}

/// An event of the model registry, if the log is one.
fn registry_event(log: Log) -> Option<IndexedEvent> {
    let source = Source::ModelRegistry;
    let event = InferaEvent::decode(source, log.topics(), &log.data().data).ok()?;
    Some(IndexedEvent {
        block: log.block_number?,
        timestamp: log.block_timestamp.unwrap_or_default(),
        log_index: log.log_index?,
        transaction: log.transaction_hash?,
        transaction_index: log.transaction_index?,
        address: log.address(),
        source,
        topics: log.topics().to_vec(),
        data: log.data().data.clone(),
        event,
    })
}

impl Display for Catalogue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("no model is published yet");
        }
        self.0.iter().try_for_each(|model| Shown(model).fmt(f))
    }
}

/// A model as text.
struct Shown<'a>(&'a ModelRecord);

impl Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}  {}", self.0.id, self.0.name)?;
        for version in &self.0.versions {
            let task = Task::try_from(version.task).map_or_else(|error| error.to_string(), |task| task.to_string());
            writeln!(f, "    version {} ({}, {task})", version.version, version.status)?;
            for RuntimeClassRecord { runtime_class, profile } in &version.runtime_classes {
                let (rule, distance) = (profile.rule, profile.max_cosine_distance_ppb);
                writeln!(f, "        class {}: rule {rule}, 1 − cosine up to {distance} ppb", Class(*runtime_class))?;
            }
        }
        Ok(())
    }
}

/// A runtime class by its name when it is this program's own, else by its hash.
pub(crate) struct Class(pub(crate) B256);

impl Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match infera_engine::runtime_class() {
            (name, hash) if hash == self.0 => f.write_str(&name),
            _ => self.0.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use alloy::primitives::Address;
    use infera_indexer::{fold::VerificationProfile, names::ResultRule};

    use super::*;

    fn model(name: &str, classes: &[&str]) -> ModelRecord {
        let profile = VerificationProfile {
            rule: ResultRule::Scores,
            dimension: 384,
            scale: 32_767,
            max_cosine_distance_ppb: 1_000,
            norm_tolerance_ppm: 1_000,
            element_tolerance: 50,
            bit_exact: false,
        };
        let class = |name: &&str| RuntimeClassRecord { runtime_class: ids::runtime_class(name), profile };
        let version = |version, status| VersionRecord {
            version,
            manifest_hash: B256::ZERO,
            task: 2,
            content_uri: String::new(),
            status,
            runtime_classes: classes.iter().map(class).collect(),
        };
        let versions = vec![
            version(1, VersionStatus::Active),
            version(2, VersionStatus::Active),
            version(3, VersionStatus::Revoked),
        ];
        ModelRecord {
            id: ids::model_id(Address::ZERO, name),
            publisher: Address::ZERO,
            name: name.to_owned(),
            versions,
        }
    }

    fn arguments() -> ModelArguments {
        ModelArguments { model: None, version: None, class: None }
    }

    fn refusal(catalogue: &Catalogue, arguments: &ModelArguments) -> String {
        catalogue.choose(arguments).unwrap_err().to_string()
    }

    #[test]
    fn the_only_model_in_its_latest_active_version_needs_no_name() {
        let choice = Catalogue(vec![model("a", &["fp32"])]).choose(&arguments()).unwrap();
        assert_eq!((choice.name.as_str(), choice.version), ("a", 2));
        assert_eq!(choice.runtime_class, ids::runtime_class("fp32"));
        assert_eq!(choice.task, Task::ZeroShotClassification);
    }

    #[test]
    fn what_is_named_is_taken() {
        let catalogue = Catalogue(vec![model("a", &["fp32", "fp16"]), model("b", &["fp32"])]);
        let class = Some(runtime_class("fp16").unwrap());
        let named = ModelArguments { model: Some(ids::model_id(Address::ZERO, "a")), version: Some(1), class };
        let choice = catalogue.choose(&named).unwrap();
        assert_eq!((choice.name.as_str(), choice.version, Some(choice.runtime_class)), ("a", 1, class));
    }

    #[test]
    fn what_is_ambiguous_or_unknown_is_refused_with_what_there_is() {
        let catalogue = Catalogue(vec![model("alpha", &["fp32", "fp16"]), model("beta", &["fp32"])]);
        let several = refusal(&catalogue, &arguments());
        assert!(several.contains("2 models") && several.contains("alpha") && several.contains("beta"), "{several}");
        let unknown = refusal(&catalogue, &ModelArguments { model: Some(B256::repeat_byte(7)), ..arguments() });
        assert!(unknown.contains("0x0707") && unknown.contains("beta"), "{unknown}");
        let alpha = ModelArguments { model: Some(ids::model_id(Address::ZERO, "alpha")), ..arguments() };
        assert!(refusal(&catalogue, &alpha).contains("--class"));
        let revoked = refusal(&catalogue, &ModelArguments { version: Some(3), ..alpha.clone() });
        assert!(revoked.contains("no active version 3") && revoked.contains("Revoked"), "{revoked}");
        let class = Some(ids::runtime_class("int8"));
        assert!(refusal(&catalogue, &ModelArguments { class, ..alpha }).contains("does not run in class"));
        assert!(refusal(&Catalogue(Vec::new()), &arguments()).contains("infera model publish"));
    }
}
