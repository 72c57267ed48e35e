//! Certificate authorities, compared by their certificates.

use x509_parser::pem::Pem;

/// Do two PEM texts hold the same certificate? Then they are probably of the same cluster: but a company may have signed
/// several with the same.
#[must_use]
pub fn share_a_certificate(one: &[u8], other: &[u8]) -> bool {
    let others = certificates(other);
    certificates(one).iter().any(|certificate| others.contains(certificate))
}

fn certificates(pem: &[u8]) -> Vec<Vec<u8>> {
    let blocks = Pem::iter_from_buffer(pem).flatten();
    blocks.filter(|block| block.label == "CERTIFICATE").map(|block| block.contents).collect()
}
