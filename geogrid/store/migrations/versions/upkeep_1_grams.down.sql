CREATE OR REPLACE FUNCTION geogrid_grams(said text) RETURNS text[] LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE STRICT COST 2500
    AS $$
    DECLARE
        part text;
        found text[] := '{}';
    BEGIN
        FOREACH part IN ARRAY regexp_split_to_array(geogrid_folded(said), '[[:space:][:punct:]]+') LOOP
            FOR i IN 1 .. length(part) - 1 LOOP
                found := found || substr(part, i, 2);
            END LOOP;
        END LOOP;
        RETURN found;
    END
    $$;

CREATE OR REPLACE FUNCTION geogrid_grams(words text, address text, is_open boolean) RETURNS text[] LANGUAGE plpgsql IMMUTABLE
    PARALLEL SAFE STRICT COST 2500
    AS $$
    BEGIN
        RETURN geogrid_grams(words || ' ' || address) || CASE WHEN is_open THEN 'open' ELSE 'shut' END;
    END
    $$;

DO $$
BEGIN
    ALTER FUNCTION geogrid_grams(text, text, boolean) LEAKPROOF;
EXCEPTION WHEN insufficient_privilege THEN
    RAISE NOTICE 'what searches words could not be marked leakproof: searching will be slower';
END
$$;
