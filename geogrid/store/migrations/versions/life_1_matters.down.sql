DROP TABLE clocks;

DROP TABLE matters;

DROP TABLE programmes;

-- Steps that only programmes know go; then every event gets a path that the plain life allows: report, open, dispatch, handle,
-- verify, close, archive; dispatched again from handled or verified. What is missing on the way is put in at the time of what
-- comes after it. The state of an event stays, unless the plain life has no way to it (opened again after it was dispatched).
DELETE FROM steps WHERE kind NOT IN ('report', 'assign', 'open', 'dispatch', 'handle', 'verify', 'close', 'archive');

DO $$
DECLARE
    kinds CONSTANT text[] := ARRAY['report', 'open', 'dispatch', 'handle', 'verify', 'close', 'archive'];
    states CONSTANT text[] := ARRAY['reported', 'opened', 'dispatched', 'handled', 'verified', 'closed', 'archived'];
    far CONSTANT integer := 1000000;
    e record;
    s record;
    reached integer;
    target integer;
    number integer;
BEGIN
    FOR e IN
        SELECT told.* FROM (
            SELECT ev.id, ev.state, ev.closed_at, max(st.at) AS last_at,
                string_agg(substr('RODHVCZ', array_position(kinds, st.kind), 1), '' ORDER BY st.seq) AS path
            FROM events AS ev JOIN steps AS st ON st.event_id = ev.id GROUP BY ev.id
        ) AS told
        WHERE told.path !~ '^R(O(D+(HV?)?)*)?$|^RO(D+(HV?)?)*D+HVCZ?$'
           OR right(told.path, 1) <> substr('RODHVCZ', array_position(states, told.state), 1)
    LOOP
        UPDATE steps SET seq = seq + far WHERE event_id = e.id;
        reached := 0;
        number := 0;
        FOR s IN SELECT id, kind, at, actor FROM steps WHERE event_id = e.id ORDER BY seq LOOP
            target := coalesce(array_position(kinds, s.kind), 0);
            IF target = 3 AND reached >= 6 THEN
                DELETE FROM steps WHERE event_id = e.id AND kind IN ('close', 'archive') AND seq < far;
                reached := 5;
            ELSIF (target = 0 AND reached >= 6) OR (target > 1 AND target <> 3 AND reached >= target AND (target = 2 OR reached >= 6)) THEN
                DELETE FROM steps WHERE id = s.id;
                CONTINUE;
            ELSIF target > 3 AND reached >= target THEN
                number := number + 1;
                INSERT INTO steps (event_id, seq, kind, at, actor) VALUES (e.id, number, 'dispatch', s.at, s.actor);
                reached := 3;
            END IF;
            WHILE target > 0 AND reached < target - 1 LOOP
                reached := reached + 1;
                number := number + 1;
                INSERT INTO steps (event_id, seq, kind, at, actor) VALUES (e.id, number, kinds[reached], s.at, s.actor);
            END LOOP;
            number := number + 1;
            UPDATE steps SET seq = number WHERE id = s.id;
            reached := CASE WHEN target > 0 THEN target ELSE reached END;
        END LOOP;
        target := array_position(states, e.state);
        IF target < 6 AND reached >= 6 THEN
            DELETE FROM steps WHERE event_id = e.id AND kind IN ('close', 'archive');
            reached := 5;
        END IF;
        IF target = 3 AND reached > 3 THEN
            number := number + 1;
            INSERT INTO steps (event_id, seq, kind, at, actor) VALUES (e.id, number, 'dispatch', e.last_at, 'geogrid');
            reached := 3;
        END IF;
        WHILE reached < target LOOP
            reached := reached + 1;
            number := number + 1;
            INSERT INTO steps (event_id, seq, kind, at, actor)
            VALUES (e.id, number, kinds[reached], coalesce(e.closed_at, e.last_at), 'geogrid');
        END LOOP;
        UPDATE events SET state = states[reached] WHERE id = e.id AND state <> states[reached];
    END LOOP;
END
$$;

CREATE TEMP TABLE numbered ON COMMIT DROP AS
SELECT id, number FROM (SELECT id, seq, row_number() OVER (PARTITION BY event_id ORDER BY seq) AS number FROM steps) AS s
WHERE seq <> number;

UPDATE steps SET seq = seq + 1000000 FROM numbered WHERE numbered.id = steps.id;

UPDATE steps SET seq = numbered.number FROM numbered WHERE numbered.id = steps.id;

DROP TABLE numbered;

UPDATE events SET closed_at = told.at
FROM (SELECT event_id, max(at) AS at FROM steps WHERE kind = 'close' GROUP BY event_id) AS told
WHERE told.event_id = events.id AND NOT events.is_open AND events.closed_at <> told.at;

ALTER TABLE steps DROP COLUMN client_key, DROP COLUMN details, DROP COLUMN step;

ALTER TABLE steps DROP CONSTRAINT ck_steps_kind_known;

ALTER TABLE steps ADD CONSTRAINT ck_steps_kind_known CHECK (kind IN ('report', 'assign', 'open', 'dispatch', 'handle', 'verify', 'close', 'archive'));
