//! As much of a packed head as this component reads: the target.

/// `wit/gate.wit` has the layout (`decide-packed`).
pub(crate) fn target(head: &[u8]) -> Option<Vec<u8>> {
    // The version and the time; then four texts.
    let mut rest = head.get(9..)?;
    for _ in 0..4 {
        rest = bytes(rest)?.1;
    }
    bytes(rest).map(|(target, _)| target.to_vec())
}

fn bytes(rest: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = rest.split_first_chunk()?;
    rest.split_at_checked(u32::from_le_bytes(*length) as usize)
}
