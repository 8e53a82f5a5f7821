//! The two checksums of v5 segments.

const CRC24_INITIAL: u32 = 0x0087_5060;
const CRC24_POLYNOMIAL: u32 = 0x0197_4f0b;

/// The CRC-32 of the bytes FA 2D 55 CA, which the checksum of every payload covers first although they are not sent.
const CRC32_INITIAL: u32 = 0x4477_7ed3;

const CRC24_TABLE: [u32; 256] = {
    let mut table = [0; 256];
    let mut i = 0;
    while i < 256 {
        let mut crc = (i as u32) << 16;
        let mut bit = 0;
        while bit < 8 {
            crc <<= 1;
            if crc & 0x0100_0000 != 0 {
                crc ^= CRC24_POLYNOMIAL;
            }
            bit += 1;
        }
        table[i] = crc;
        i += 1;
    }
    table
};

/// The CRC-24 of a segment header.
pub(crate) fn crc24(bytes: &[u8]) -> u32 {
    bytes.iter().fold(CRC24_INITIAL, |crc, b| {
        let index = ((crc >> 16) as u8) ^ b;
        ((crc << 8) & 0x00ff_ffff) ^ CRC24_TABLE[usize::from(index)]
    })
}

/// The CRC-32 of a segment's payload as sent.
pub(crate) fn crc32(payload: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new_with_initial(CRC32_INITIAL);
    hasher.update(payload);
    hasher.finalize()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_initial_state_is_that_of_the_unsent_bytes() {
        assert_eq!(crc32fast::hash(&[0xfa, 0x2d, 0x55, 0xca]), CRC32_INITIAL);
    }

    #[test]
    fn a_known_header_and_payload() {
        assert_eq!(crc24(&[0x09, 0x00, 0x02]), 0x00c1_c8a4);
        assert_eq!(crc32(&[5, 0, 0, 0, 5, 0, 0, 0, 0]), u32::from_le_bytes([0x10, 0x86, 0x28, 0x4d]));
    }
}
