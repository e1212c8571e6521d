//! How the answers of a published model are compared.

use infera_contracts::IModelRegistry::VerificationProfile;
use infera_engine::Manifest;
use infera_protocol::{
    profile::{FLOAT32, ResultRule},
    task::Task,
};

/// Flags of the verification profile.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Verification profile")]
pub(crate) struct ProfileArguments {
    /// Elements of the output vector [default: the manifest's]
    #[arg(long, value_name = "NUMBER")]
    dimension: Option<u16>,

    /// Fixed-point scale of the output vector: element = round(scale × x) [default: the manifest's]
    #[arg(long, value_name = "NUMBER")]
    scale: Option<u16>,

    /// Largest 1 − cosine of two answers that agree, in parts per billion
    #[arg(long, value_name = "PPB", default_value_t = FLOAT32.max_cosine_distance_ppb)]
    max_cosine_distance: u32,

    /// Largest difference of their squared norms, in parts per million
    #[arg(long, value_name = "PPM", default_value_t = FLOAT32.norm_tolerance_ppm)]
    norm_tolerance: u32,

    /// Largest difference of their scores, in parts per million of cosine
    #[arg(long, value_name = "PPM", default_value_t = FLOAT32.element_tolerance)]
    element_tolerance: u32,

    /// Honest executors produce identical bytes
    #[arg(long)]
    bit_exact: bool,
}

impl Default for ProfileArguments {
    fn default() -> Self {
        Self {
            dimension: None,
            scale: None,
            max_cosine_distance: FLOAT32.max_cosine_distance_ppb,
            norm_tolerance: FLOAT32.norm_tolerance_ppm,
            element_tolerance: FLOAT32.element_tolerance,
            bit_exact: false,
        }
    }
}

impl ProfileArguments {
    /// The profile of a model for a task.
    pub(crate) fn profile(&self, manifest: &Manifest, task: Task) -> anyhow::Result<VerificationProfile> {
        let rule = match task {
            Task::ZeroShotClassification => ResultRule::Scores,
            Task::Embedding => ResultRule::Vector,
            _ => ResultRule::ExactBytes,
        };
        Ok(VerificationProfile {
            rule: rule.into(),
            dimension: self.dimension.map_or_else(|| u16::try_from(manifest.vector.dimension), Ok)?,
            scale: self.scale.unwrap_or(manifest.vector.scale),
            maxCosineDistancePpb: self.max_cosine_distance,
            normTolerancePpm: self.norm_tolerance,
            elementTolerance: self.element_tolerance,
            bitExact: self.bit_exact,
        })
    }
}

/// The task to publish a model for: the one that answers most, among those that its manifest lists.
pub(crate) fn main_task(manifest: &Manifest) -> Task {
    if manifest.supports(Task::ZeroShotClassification) { Task::ZeroShotClassification } else { Task::Embedding }
}
