//! ISO 4217: the codes of currencies in use.

use super::nearest::nearest;

/// The active codes, funds and precious metals left out: nobody's revenue is in `XAU`.
const CODES: &str = "\
AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD \
CAD CDF CHF CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP \
GMD GNF GTQ GYD HKD HNL HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD \
KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN \
NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP \
SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYU UZS VES VND \
VUV WST XAF XCD XCG XOF XPF YER ZAR ZMW ZWG";

/// Takes an ISO 4217 code, in capitals.
///
/// # Errors
/// A sentence that says what to write; `text` is quoted in it.
pub(super) fn parse(text: &str) -> Result<&'static str, String> {
    codes().find(|code| *code == text).ok_or_else(|| {
        let code = text.to_uppercase();
        let start = code.get(..3).unwrap_or_default();
        match codes().find(|known| *known == start).or_else(|| nearest(text, codes())) {
            Some(near) => format!("`{text}` is no currency; did you mean `{near}`?"),
            None => format!("`{text}` is no currency; write an ISO 4217 code like USD or EUR"),
        }
    })
}

pub(super) fn codes() -> impl Iterator<Item = &'static str> {
    CODES.split_ascii_whitespace()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_codes_are_sorted_and_well_formed() {
        let all: Vec<_> = codes().collect();
        assert!(all.is_sorted() && all.len() > 150);
        assert!(all.iter().all(|code| code.len() == 3));
    }

    #[test]
    fn small_letters_and_long_names_are_led_to_the_code() {
        assert_eq!(parse("EUR"), Ok("EUR"));
        assert!(parse("usd").unwrap_err().ends_with("did you mean `USD`?"));
        assert!(parse("EURO").unwrap_err().ends_with("did you mean `EUR`?"));
        assert!(parse("€").unwrap_err().contains("ISO 4217"));
        assert!(parse("dollars").unwrap_err().contains("ISO 4217"));
    }
}
