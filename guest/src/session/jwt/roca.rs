//! RSA moduli of a flawed chip (ROCA, CVE-2017-15361): its primes are powers of 65537 modulo many small primes, and so is
//! their product. Such a modulus can be factored, and whoever does so signs in the issuer's name.

/// A modulus of 2048 bits or more from that chip shows it for every prime up to this one; by chance not one in 2^150 does.
const LAST_PRIME: u32 = 701;
const GENERATOR: u32 = 65537;

/// Does the modulus (big-endian) come from that chip? Nearly every other one is told apart by the first few primes.
pub(in crate::session) fn made(modulus: &[u8]) -> bool {
    (3..=LAST_PRIME).step_by(2).filter(|number| is_prime(*number)).all(|prime| {
        let rest = modulus.iter().fold(0, |rest, byte| (rest * 256 + u32::from(*byte)) % prime);
        powers(prime).any(|power| power == rest)
    })
}

/// The powers of the generator, each once.
fn powers(prime: u32) -> impl Iterator<Item = u32> {
    std::iter::successors(Some(1), move |power| Some(power * (GENERATOR % prime) % prime).filter(|next| *next != 1))
}

/// For odd numbers.
fn is_prime(number: u32) -> bool {
    (3..number)
        .step_by(2)
        .take_while(|divisor| divisor * divisor <= number)
        .all(|divisor| !number.is_multiple_of(divisor))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 65537 to that power, big-endian.
    fn power(exponent: usize) -> Vec<u8> {
        let mut number = vec![1_u8];
        for _ in 0..exponent {
            let mut carry = 0;
            for byte in &mut number {
                carry += u32::from(*byte) * GENERATOR;
                *byte = carry as u8;
                carry >>= 8;
            }
            while carry > 0 {
                number.push(carry as u8);
                carry >>= 8;
            }
        }
        number.reverse();
        number
    }

    #[test]
    fn knows_powers_of_its_generator_and_nothing_else() {
        for exponent in [128, 129, 255, 300] {
            let mut modulus = power(exponent);
            assert!(modulus.len() > 255 && made(&modulus), "65537^{exponent}");
            for byte in [0, 100, modulus.len() - 1] {
                modulus[byte] ^= 0x10;
                assert!(!made(&modulus), "65537^{exponent}, byte {byte} changed");
                modulus[byte] ^= 0x10;
            }
        }
        assert!(!made(&[0xff; 256]));
        assert_eq!((3..=LAST_PRIME).step_by(2).filter(|number| is_prime(*number)).count(), 125);
    }
}
