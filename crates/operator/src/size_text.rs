//! Sizes in words.

/// A number of bytes as people read it.
pub fn size_text(bytes: u64) -> String {
    let (mut size, mut unit) = (bytes as f64, "bytes");
    for larger in ["KiB", "MiB", "GiB", "TiB"] {
        if size < 1024.0 {
            break;
        }
        (size, unit) = (size / 1024.0, larger);
    }
    if unit == "bytes" { format!("{bytes} bytes") } else { format!("{size:.2} {unit}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_the_unit_that_people_would_use() {
        let sizes = [0u64, 1023, 1024, 1_572_864, 5 << 40].map(size_text);
        assert_eq!(sizes, ["0 bytes", "1023 bytes", "1.00 KiB", "1.50 MiB", "5.00 TiB"]);
    }
}
