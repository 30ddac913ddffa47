-- Raw declaration lines → monthly exports, as a hand-tuned DuckDB query: the same validation, newest
-- versions, exchange rates and cents as the product. Tables made before: `country`, `currency`
-- (spelling → code), `mode` (code, counts, since, until), `rate` (month, code, dollars in 1e-12),
-- `registered` (first and last day of the registered months; rows beyond wait). Variables: `files`, all
-- raw files, and `file`, the present one of a section that is run for each of them.
--
-- Most declarations are clean: in one file, each line once, not amended, with customs' own value. They are
-- summed file by file, and only the others are gathered, ranked and valued.

CREATE MACRO iso_day(t) AS CASE WHEN length(t) = 10 THEN try_cast(t AS DATE)
    ELSE try_strptime(t, '%Y%m%d')::DATE END;

-- What a code looks like is a property of the code: each is looked at once.
CREATE TABLE uscc AS
SELECT DISTINCT consignor_uscc AS text, regexp_full_match(upper(consignor_uscc), '[0-9A-Z]{18}') AS good
FROM read_parquet(getvariable('files'), union_by_name = true);
CREATE TABLE customs_code AS
SELECT DISTINCT consignor_customs_code AS text,
    regexp_full_match(upper(consignor_customs_code), '[0-9]{6}[0-9A-Z]{4}') AS good
FROM read_parquet(getvariable('files'), union_by_name = true);
CREATE TABLE seen (number BIGINT, odd BOOLEAN);

-- EACH FILE
INSERT INTO seen
SELECT coalesce(try_cast(declaration_no AS BIGINT), -1) AS number,
    NOT coalesce(
        bool_and(revision = '0' AND status <> 'withdrawn' AND stat_value_usd IS NOT NULL AND line BETWEEN 1 AND 61)
        AND bit_count(bit_or(1::BIGINT << greatest(least(line, 61), 0))) = count(*),
        false
    ) AS odd
FROM (SELECT *, try_cast(line_no AS INTEGER) AS line FROM read_parquet(getvariable('file'), union_by_name = true))
GROUP BY number;

-- ONCE
CREATE TABLE dirty AS
SELECT number FROM seen GROUP BY number HAVING count(*) > 1 OR bool_or(odd)
UNION SELECT -1;
DROP TABLE seen;
CREATE TABLE part (
    uscc VARCHAR, trading_country VARCHAR, hs_chapter VARCHAR, month DATE, lines BIGINT, declarations BIGINT,
    cents HUGEINT
);

CREATE MACRO typed(source, odd) AS TABLE
SELECT
    CASE WHEN length(raw.declaration_no) = 18 THEN number END AS declaration_no,
    CASE WHEN try_cast(raw.line_no AS INTEGER) > 0 THEN try_cast(raw.line_no AS INTEGER) END AS line_no,
    CASE WHEN try_cast(revision AS INTEGER) >= 0 THEN try_cast(revision AS INTEGER) END AS revision,
    raw_updated AS updated_at,
    status,
    upper(consignor_uscc) AS uscc,
    sold.code AS trading_country,
    arrived.code AS arrival_country,
    mode.counts AS counts,
    hs_code[1:2] AS hs_chapter,
    delivery_terms AS terms,
    currency.code AS currency,
    (paid * 100)::HUGEINT AS amount,
    freight_mark,
    (try_cast(freight AS DECIMAL(19, 4)) * 10000)::HUGEINT AS freight,
    freighted.code AS freight_currency,
    insurance_mark,
    (try_cast(insurance AS DECIMAL(19, 4)) * 10000)::HUGEINT AS insurance,
    insured.code AS insurance_currency,
    value,
    declared,
    released,
    closed,
    hash(status, consignor_uscc, consignor_customs_code, consignor_name, sold.code, arrived.code,
         headed.code, trade_mode, hs_code, delivery_terms, currency.code, amount, freight_mark, freight,
         insurance_mark, insurance, stat_value_usd, declared, closed) AS content,
    coalesce(
        status IN ('released', 'closed', 'withdrawn')
        AND uscc.good AND customs_code.good
        AND length(consignor_name) > 0
        AND sold.code IS NOT NULL AND arrived.code IS NOT NULL AND headed.code IS NOT NULL
        AND mode.code IS NOT NULL
        AND (mode.since IS NULL OR declared >= mode.since)
        AND (mode.until IS NULL OR declared <= mode.until)
        AND length(hs_code) = 10 AND try_cast(hs_code AS BIGINT) IS NOT NULL
        AND delivery_terms IN ('1', '2', '3', '4', '7')
        AND currency.code IS NOT NULL
        AND paid >= 0 AND position('.' IN amount) NOT BETWEEN 1 AND length(amount) - 3
        AND (freight_mark IS NULL OR freight_mark IN ('1', '2', '3'))
        AND (raw.freight IS NULL OR try_cast(raw.freight AS DECIMAL(19, 4)) >= 0)
        AND (raw.freight_currency IS NULL OR freighted.code IS NOT NULL)
        AND (insurance_mark IS NULL OR insurance_mark IN ('1', '3'))
        AND (raw.insurance IS NULL OR try_cast(raw.insurance AS DECIMAL(19, 4)) >= 0)
        AND (raw.insurance_currency IS NULL OR insured.code IS NOT NULL)
        AND (stat_value_usd IS NULL OR value >= 0)
        AND declared IS NOT NULL
        AND (exported_on IS NULL OR iso_day(exported_on) <= reached)
        AND (released_on IS NULL OR released IS NOT NULL) AND (closed_on IS NULL OR closed IS NOT NULL)
        AND coalesce(greatest(declared, released, closed) <= reached, true)
        AND number // 1000000000 % 10 = 0 AND number // 10000000000 % 10000 = year(declared)
        AND (status <> 'closed' OR closed IS NOT NULL) AND (status <> 'released' OR released IS NOT NULL)
        AND (status = 'withdrawn' OR coalesce(coalesce(closed, released) >= declared, true)),
        false
    ) AS good
FROM (
    SELECT *, iso_day(declared_on) AS declared, iso_day(released_on) AS released, iso_day(closed_on) AS closed,
        try_cast(replace(amount, ',', '') AS DECIMAL(19, 2)) AS paid,
        try_cast(replace(stat_value_usd, ',', '') AS DECIMAL(19, 2)) AS value,
        (raw_updated + INTERVAL 8 HOUR)::DATE AS reached
    FROM (
        SELECT *, try_cast(declaration_no AS BIGINT) AS number, try_cast(updated_at AS TIMESTAMP) AS raw_updated
        FROM read_parquet(source, union_by_name = true)
    )
    WHERE (coalesce(number, -1) IN (SELECT number FROM dirty)) = odd
) raw
LEFT JOIN uscc ON uscc.text = raw.consignor_uscc
LEFT JOIN customs_code ON customs_code.text = raw.consignor_customs_code
LEFT JOIN country sold ON sold.text = raw.trading_country
LEFT JOIN country arrived ON arrived.text = raw.arrival_country
LEFT JOIN country headed ON headed.text = raw.destination_country
LEFT JOIN currency ON currency.text = raw.currency
LEFT JOIN currency freighted ON freighted.text = raw.freight_currency
LEFT JOIN currency insured ON insured.text = raw.insurance_currency
LEFT JOIN mode ON mode.code = raw.trade_mode;

-- EACH FILE
INSERT INTO part
SELECT uscc, trading_country, hs_chapter, date_trunc('month', coalesce(closed, released)) AS month,
    count(*), count(DISTINCT declaration_no), (sum(value) * 100)::HUGEINT
FROM typed(getvariable('file'), false)
WHERE good AND counts AND arrival_country <> 'CHN' AND declaration_no IS NOT NULL AND updated_at IS NOT NULL
    AND declared BETWEEN (SELECT first FROM registered) AND (SELECT last FROM registered)
GROUP BY ALL;

-- ONCE
-- Of the others the newest row of each line counts; two contents of one version refuse each other.
CREATE TABLE line AS
SELECT * FROM (
    SELECT *, min(content) OVER version <> max(content) OVER version AS conflict
    FROM typed(getvariable('files'), true)
    WHERE declaration_no IS NOT NULL AND line_no IS NOT NULL AND revision IS NOT NULL AND updated_at IS NOT NULL
    WINDOW version AS (PARTITION BY declaration_no, line_no, revision, updated_at)
)
QUALIFY row_number() OVER (PARTITION BY declaration_no, line_no ORDER BY revision DESC, updated_at DESC) = 1;

-- Shares of a declaration's total fees are taken in doubles: HUGEINT cannot hold their products.
CREATE TABLE worth AS
WITH rated AS (
    SELECT line.*, CASE WHEN line.currency = 'USD' THEN 1000000000000 ELSE own.dollars END::HUGEINT AS rate,
        CASE WHEN freight_currency = 'USD' THEN 1000000000000 ELSE of_freight.dollars END::HUGEINT AS freight_rate, CASE WHEN insurance_currency = 'USD' THEN 1000000000000 ELSE of_insurance.dollars END::HUGEINT AS insurance_rate,
        terms IN ('1', '2') AS owes_freight, terms IN ('1', '4') AS owes_insurance
    FROM line
    LEFT JOIN rate own ON own.currency = line.currency AND own.month = strftime(declared, '%Y-%m')
    LEFT JOIN rate of_freight
        ON of_freight.currency = freight_currency AND of_freight.month = strftime(declared, '%Y-%m')
    LEFT JOIN rate of_insurance
        ON of_insurance.currency = insurance_currency AND of_insurance.month = strftime(declared, '%Y-%m')
    WHERE good AND NOT conflict AND status <> 'withdrawn'
        AND declared BETWEEN (SELECT first FROM registered) AND (SELECT last FROM registered)
),
priced AS (
    SELECT *,
        counts AND arrival_country <> 'CHN' AS sold,
        coalesce(CASE WHEN owes_freight AND freight_mark = '1' THEN freight END, 0)
            + coalesce(CASE WHEN owes_insurance AND insurance_mark = '1' THEN insurance END, 0) AS percent,
        coalesce(CASE WHEN owes_freight AND freight_mark = '3' THEN freight * freight_rate END, 0)
            + coalesce(CASE WHEN owes_insurance AND insurance_mark = '3' THEN insurance * insurance_rate END, 0)
            AS fees,
        rate IS NULL
            OR (owes_freight AND (freight IS NULL OR freight_mark IS NULL OR freight_mark = '2'
                OR (freight_mark = '3' AND freight_rate IS NULL)))
            OR (owes_insurance AND (insurance IS NULL OR insurance_mark IS NULL
                OR (insurance_mark = '3' AND insurance_rate IS NULL))) AS refused
    FROM rated
),
shared AS (
    SELECT *, weight / nullif(sum(weight) OVER declaration, 0) AS share, bool_or(weight IS NULL) OVER declaration AS lacks
    FROM (
        SELECT *, amount::DOUBLE
            * CASE WHEN min(currency) OVER declaration = max(currency) OVER declaration THEN 1 ELSE rate END AS weight
        FROM priced
        WHERE declaration_no IN (SELECT declaration_no FROM priced WHERE value IS NULL AND sold AND fees > 0)
        WINDOW declaration AS (PARTITION BY declaration_no)
    )
    WINDOW declaration AS (PARTITION BY declaration_no)
)
SELECT declaration_no, uscc, trading_country, hs_chapter, date_trunc('month', coalesce(closed, released)) AS month,
    (value * 100)::HUGEINT AS cents
FROM priced WHERE sold AND value IS NOT NULL
UNION ALL
SELECT declaration_no, uscc, trading_country, hs_chapter, date_trunc('month', coalesce(closed, released)),
    (amount * rate * (1000000 - percent) + 500000000000000000) // 1000000000000000000
FROM priced
WHERE sold AND value IS NULL AND NOT refused AND declaration_no NOT IN (SELECT declaration_no FROM shared)
UNION ALL
SELECT declaration_no, uscc, trading_country, hs_chapter, date_trunc('month', coalesce(closed, released)),
    floor((amount * rate * (1 - percent / 1e6) - coalesce(fees * share, 0) / 1e2) / 1e12 + 0.5)::HUGEINT
FROM shared
WHERE sold AND value IS NULL AND NOT refused AND NOT (lacks AND fees > 0)
  AND amount * rate * (1 - percent / 1e6) >= coalesce(fees * share, 0) / 1e2;

INSERT INTO part
SELECT uscc, trading_country, hs_chapter, month, count(*), count(DISTINCT declaration_no), sum(cents)
FROM worth GROUP BY ALL;

CREATE TABLE cell AS
SELECT uscc, trading_country, hs_chapter, strftime(month, '%Y-%m') AS stat_month, sum(lines)::BIGINT AS lines,
    sum(declarations)::BIGINT AS declarations, sum(cents)::DECIMAL(38, 0) AS cents
FROM part GROUP BY ALL ORDER BY ALL;
