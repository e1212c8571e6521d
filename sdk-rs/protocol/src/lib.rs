//! The pure heart of Infera: ids, commitments, output vectors, VRF and VIF, canonical outputs
