use henge_base::Random;

/// Random bytes, at most `most`.
pub fn noise(random: &mut Random, most: u64) -> Vec<u8> {
    let mut out = Vec::new();
    for _ in 0..random.below(most + 1) {
        // Lengths and flags are most often small or all ones.
        const USUAL: [u8; 8] = [0, 1, 2, 4, 8, 0x7f, 0x80, 0xff];
        let byte = random.next_u64();
        out.push(if random.chance(1, 3) { USUAL[(byte % 8) as usize] } else { byte as u8 });
    }
    out
}

/// Changes bytes at random: flips bits, replaces, cuts, inserts and repeats.
pub fn change(random: &mut Random, bytes: &mut Vec<u8>) {
    for _ in 0..=random.below(3) {
        let at = random.below(bytes.len() as u64 + 1) as usize;
        match random.below(5) {
            0 if at < bytes.len() => bytes[at] ^= 1 << random.below(8),
            1 if at < bytes.len() => bytes[at] = noise(random, 1).first().copied().unwrap_or(0xff),
            2 => bytes.truncate(at),
            3 => _ = bytes.splice(at..at, noise(random, 12)),
            _ => {
                let from = random.below(bytes.len() as u64 + 1) as usize;
                let piece = bytes[from.min(at)..from.max(at)].to_vec();
                bytes.extend(piece);
            }
        }
    }
}
