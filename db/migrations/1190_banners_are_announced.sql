-- Who has something new in the page's banner is announced to the streams of their open pages, which ask for it then.
CREATE FUNCTION announce_banner() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    reader text := (SELECT user_name FROM receivers WHERE id = NEW.receiver_id AND channel = 'banner');
BEGIN
    IF reader IS NOT NULL THEN PERFORM pg_notify('banner', reader); END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER banners_are_announced AFTER INSERT OR UPDATE OF state, seen_at ON deliveries
    FOR EACH ROW WHEN (NEW.state = 'delivered') EXECUTE FUNCTION announce_banner();
