//! Similarity of two vectors of floats.

use crate::collection;
use crate::error::Error;
use henge_model::DataType;

/// A similarity measure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Similarity {
    Cosine,
    Euclidean,
    DotProduct,
}

impl Similarity {
    /// The similarity of two vectors of the same type.
    pub(super) fn call(self, of: &DataType, left: &[u8], right: &[u8]) -> Result<Vec<u8>, Error> {
        let (left, right) = (floats(of, left)?, floats(of, right)?);
        let pairs = || left.iter().zip(&right).map(|(a, b)| (*a, *b));
        let dot: f32 = pairs().map(|(a, b)| a * b).sum();
        let result = match self {
            Similarity::DotProduct => (1.0 + dot) / 2.0,
            Similarity::Euclidean => 1.0 / (1.0 + pairs().map(|(a, b)| (a - b) * (a - b)).sum::<f32>()),
            Similarity::Cosine => {
                let length = |vector: &[f32]| vector.iter().map(|a| a * a).sum::<f32>();
                let (left, right) = (length(&left), length(&right));
                if left == 0.0 || right == 0.0 {
                    let message = "Function system.similarity_cosine doesn't support all-zero vectors.";
                    return Err(Error::invalid(message));
                }
                let cosine = (f64::from(dot) / (f64::from(left) * f64::from(right)).sqrt()) as f32;
                (1.0 + cosine) / 2.0
            }
        };
        Ok(result.to_be_bytes().to_vec())
    }
}

fn floats(of: &DataType, bytes: &[u8]) -> Result<Vec<f32>, Error> {
    let parts = collection::parts(of, bytes).ok_or_else(|| Error::invalid(format!("not a valid {of}")))?;
    let float = |part: Option<&[u8]>| part.and_then(|part| part.try_into().ok()).map_or(0.0, f32::from_be_bytes);
    Ok(parts.into_iter().map(|(_, part)| float(part)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vector(values: [f32; 3]) -> Vec<u8> {
        values.iter().flat_map(|v| v.to_be_bytes()).collect()
    }

    #[test]
    fn measures_are_scaled_to_one() {
        let of = DataType::Vector(Box::new(DataType::Float), 3);
        let (a, b) = (vector([1.0, 2.0, 3.0]), vector([4.0, 5.0, 6.0]));
        let measure = |by: Similarity| f32::from_be_bytes(by.call(&of, &a, &b).unwrap().try_into().unwrap());
        assert_eq!(measure(Similarity::DotProduct), 16.5);
        assert_eq!(measure(Similarity::Euclidean), 1.0 / 28.0);
        assert!((measure(Similarity::Cosine) - 0.987_315_9).abs() < 1e-6);
        assert!(Similarity::Cosine.call(&of, &a, &vector([0.0; 3])).is_err());
        assert!(Similarity::Cosine.call(&of, &a, &[1]).is_err());
    }
}
