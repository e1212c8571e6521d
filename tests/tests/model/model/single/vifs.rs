//! The keys of executors' VIFs, and the proof that a VIF is false. (Of well-formed VIFs whose Gamma is a point, only true ones
//! are shown to it, and only with right hints or none: that others are false takes arithmetic on the curve.)

use alloy::{
    primitives::{Address, B256, Bytes, U256, keccak256, uint},
    sol_types::{SolEvent, SolValue},
};
use infera_contracts::ISingleJobRegistry::{self, Record, SingleTerms};
use infera_protocol::{
    vif::VifInput,
    vrf::{Proof, PublicKey},
};

use self::IVifs::{IVifsCalls, Vif, challengeCall};
pub(crate) use self::bindings::{IVifVerifier, IVifs};
use super::{
    super::{
        Model,
        outcome::{Result, ensure},
        slashing::Offence,
    },
    SinglePhase,
    job::vif_hash,
};

/// What `infera-contracts` has no binding for.
mod bindings {
    alloy::sol!(
        #[sol(all_derives)]
        IVifs,
        "../contracts/artifacts/IVifs.json"
    );
}

/// secp256k1's field and order.
const FIELD: U256 = uint!(0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEFFFFFC2F_U256);
const ORDER: U256 = uint!(0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141_U256);

impl Model {
    pub(in super::super) fn run_vifs(&mut self, from: Address, call: &IVifsCalls) -> Result<Bytes> {
        match call {
            IVifsCalls::adoptKey(_) => self.adopt_key(from)?,
            IVifsCalls::challenge(call) => self.challenge_vif(from, call)?,
            other => panic!("not modelled: {other:?}"),
        }
        Ok(Bytes::new())
    }

    fn adopt_key(&mut self, from: Address) -> Result<()> {
        let executorId = self.signed_by(from);
        ensure(executorId != 0, || IVifs::NotExecutor { caller: from })?;
        let (x, y) = self.config.executor(executorId).vrf;
        let keyHash = keccak256((x, y).abi_encode());
        self.singles.keys.insert(executorId, keyHash);
        let event = IVifs::KeyAdopted { executorId, keyHash, x, y };
        self.emit(self.config.at.vifs, event.encode_log_data());
        Ok(())
    }

    fn challenge_vif(&mut self, from: Address, call: &challengeCall) -> Result<()> {
        // Equal in all but their Rust types.
        let terms = SingleTerms::abi_decode(&call.terms.abi_encode()).unwrap();
        let record = Record::abi_decode(&call.record.abi_encode()).unwrap();
        let (id, vif) = (self.single_id_of(&terms), &call.vif);
        let key_hash = keccak256((vif.publicX, vif.publicY).abi_encode());
        let is_sent = record.vifHash == vif_hash(key_hash, vif.beacon, &vif.proof);
        ensure(is_sent, || IVifs::VifMismatch { jobId: id })?;
        // An id that nobody has, has no owner.
        let is_known = self.config.knows(record.executorId);
        let executor = if is_known { self.config.executor(record.executorId).owner } else { Address::ZERO };
        let alpha = self.vif_alpha(id, &terms, executor, vif.beacon);
        let is_false = self.is_false(vif, alpha, &call.hints)?;
        ensure(is_false, || IVifs::VifHolds { jobId: id })?;

        self.require_record(id, &record)?;
        let phase = self.single(id).phase;
        let is_open = phase <= SinglePhase::Challenged;
        ensure(is_open, || ISingleJobRegistry::WrongPhase { jobId: id, phase: phase as u8 })?;
        self.slash(Offence::InvalidVif, record.executorId, id, record.fee, from);
        self.overturn(from, id, &record);
        Ok(())
    }

    /// What a VIF of the job is made of.
    pub(crate) fn vif_alpha(&self, id: B256, terms: &SingleTerms, executor: Address, beacon: B256) -> B256 {
        let input = VifInput {
            chain_id: self.config.chain_id,
            registry: self.config.at.single_job_registry,
            job_id: id,
            model_id: terms.modelId,
            version: terms.version,
            input_hash: terms.inputHash,
            parameters_hash: terms.parametersHash,
            executor,
            beacon,
        };
        input.alpha()
    }

    /// Whether an adopted key's VIF is false.
    fn is_false(&self, vif: &Vif, alpha: B256, hints: &IVifVerifier::Proof) -> Result<bool> {
        let number = |from: usize, to: usize| U256::from_be_slice(&vif.proof[from..to]);
        let (prefix, gamma_x, c, s) = (vif.proof[0], number(1, 33), number(33, 49), number(49, 81));
        let in_range = |value: U256| !value.is_zero() && value < ORDER;
        if !matches!(prefix, 2 | 3) || gamma_x >= ORDER || c.is_zero() || !in_range(s) {
            return Ok(true);
        }
        let cubic = gamma_x.pow_mod(U256::from(3), FIELD).add_mod(U256::from(7), FIELD);
        if hints.gammaY.mul_mod(hints.gammaY, FIELD) == FIELD - cubic {
            return Ok(true);
        }
        let holds = hints.gammaX == gamma_x && hints.c == c && hints.s == s;
        ensure(holds, || IVifs::HintsDontHold {})?;
        let key = PublicKey::from_affine(vif.publicX, vif.publicY).unwrap();
        let proof = Proof::from_bytes(&vif.proof).unwrap();
        assert!(key.verify(alpha.as_slice(), &proof).is_ok(), "a false VIF that isn't modelled");
        Ok(false)
    }
}
