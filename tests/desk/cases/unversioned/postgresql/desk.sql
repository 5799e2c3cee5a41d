SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;
CREATE FUNCTION public.audit_append_only() RETURNS trigger
    LANGUAGE plpgsql
    AS $$ BEGIN RAISE EXCEPTION 'the audit trail is append-only'; END $$;
SET default_tablespace = '';
SET default_table_access_method = heap;
CREATE TABLE public.alerts (
    id integer NOT NULL,
    case_id integer NOT NULL,
    sighting character varying(64) NOT NULL,
    camera text NOT NULL,
    start character varying(40) NOT NULL,
    raised character varying(40) NOT NULL,
    probability double precision NOT NULL,
    seen boolean NOT NULL
);
CREATE SEQUENCE public.alerts_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.alerts_id_seq OWNED BY public.alerts.id;
CREATE TABLE public.audit (
    seq integer NOT NULL,
    at character varying(40) NOT NULL,
    actor character varying(80) NOT NULL,
    action character varying(40) NOT NULL,
    case_id integer,
    detail text NOT NULL,
    previous character varying(64) NOT NULL,
    hash character varying(64) NOT NULL
);
CREATE TABLE public.cases (
    id integer NOT NULL,
    state character varying(10) NOT NULL,
    purpose character varying(64) NOT NULL,
    owner character varying(80) NOT NULL,
    opened character varying(40) NOT NULL,
    expires character varying(40) NOT NULL,
    closed character varying(40),
    outcome character varying(30),
    watching boolean NOT NULL,
    key bytea,
    child_name text,
    reporter text,
    relationship text,
    text text,
    query text,
    last_seen_place text,
    last_seen_at character varying(40),
    companion text
);
CREATE SEQUENCE public.cases_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.cases_id_seq OWNED BY public.cases.id;
CREATE TABLE public.decisions (
    case_id integer NOT NULL,
    sighting character varying(64) NOT NULL,
    verdict character varying(10) NOT NULL,
    camera text NOT NULL,
    start character varying(40) NOT NULL,
    "end" character varying(40) NOT NULL,
    made character varying(40) NOT NULL,
    by character varying(80) NOT NULL
);
CREATE TABLE public.meta (
    name character varying(40) NOT NULL,
    value text NOT NULL
);
CREATE TABLE public.searches (
    case_id integer NOT NULL,
    number integer NOT NULL,
    made character varying(40) NOT NULL,
    query text NOT NULL,
    filters text NOT NULL
);
CREATE TABLE public.sessions (
    token character varying(64) NOT NULL,
    "user" character varying(64) NOT NULL,
    csrf character varying(64) NOT NULL,
    created character varying(40) NOT NULL,
    seen character varying(40) NOT NULL
);
CREATE TABLE public.steps (
    case_id integer NOT NULL,
    step character varying(30) NOT NULL,
    made character varying(40) NOT NULL,
    by character varying(80) NOT NULL
);
CREATE TABLE public.users (
    name character varying(64) NOT NULL,
    password text NOT NULL,
    role character varying(20) NOT NULL,
    created character varying(40) NOT NULL,
    disabled boolean NOT NULL,
    failures integer NOT NULL,
    locked_until character varying(40)
);
ALTER TABLE ONLY public.alerts ALTER COLUMN id SET DEFAULT nextval('public.alerts_id_seq'::regclass);
ALTER TABLE ONLY public.cases ALTER COLUMN id SET DEFAULT nextval('public.cases_id_seq'::regclass);
INSERT INTO public.alerts VALUES (1, 1, 'feedc0ffee777777', 'gate', '2026-05-01T12:00:00.000000+00:00', '2026-12-01T05:46:08.727056+00:00', 0.5, false);
INSERT INTO public.audit VALUES (1, '2026-12-01T05:46:08.428277+00:00', 'setup', 'user.add', NULL, '{"role":"operator","user":"anna"}', '0000000000000000000000000000000000000000000000000000000000000000', '608fc41b77e9176cc033df8b3fde8008add66aadcff8e98c7e8fd2dfb2a4bcc9');
INSERT INTO public.audit VALUES (2, '2026-12-01T05:46:08.511212+00:00', 'setup', 'user.add', NULL, '{"role":"supervisor","user":"boris"}', '608fc41b77e9176cc033df8b3fde8008add66aadcff8e98c7e8fd2dfb2a4bcc9', '5d4787cc8267c4639ed3d7c23f43b1b08c94b9e7445aff4746275bbda5a88707');
INSERT INTO public.audit VALUES (3, '2026-12-01T05:46:08.605805+00:00', 'anonymous', 'login.refused', NULL, '{"user":"anna"}', '5d4787cc8267c4639ed3d7c23f43b1b08c94b9e7445aff4746275bbda5a88707', 'bfd5e263ce053d431630f4d09b6882a4e8af6a25678e79571cb86ed6b1f9fddd');
INSERT INTO public.audit VALUES (4, '2026-12-01T05:46:08.699109+00:00', 'anna', 'login', NULL, '{}', 'bfd5e263ce053d431630f4d09b6882a4e8af6a25678e79571cb86ed6b1f9fddd', 'c2000526efc2c7025024b883c2bb19be8253a4832edc4f03b9fa5c49ccfb4118');
INSERT INTO public.audit VALUES (5, '2026-12-01T05:46:08.703996+00:00', 'anna', 'case.open', 1, '{"hours":876000,"purpose":"missing-child"}', 'c2000526efc2c7025024b883c2bb19be8253a4832edc4f03b9fa5c49ccfb4118', '25ee0239639fc6dbd1d3cbe30f905d0cbe511891477ab3e5642ed5b337cfd1f4');
INSERT INTO public.audit VALUES (6, '2026-12-01T05:46:08.708260+00:00', 'anna', 'watch.on', 1, '{}', '25ee0239639fc6dbd1d3cbe30f905d0cbe511891477ab3e5642ed5b337cfd1f4', '9c5be20d0ac76fc2c30d51e9fa6b78e9eb7f92a9f921f78aa3bd6f15a80ad8b5');
INSERT INTO public.audit VALUES (7, '2026-12-01T05:46:08.711928+00:00', 'anna', 'search', 1, '{"number":1,"results":3}', '9c5be20d0ac76fc2c30d51e9fa6b78e9eb7f92a9f921f78aa3bd6f15a80ad8b5', 'd9856bd0651cfdaa5f3e942e9d7b4d917c36438d5fa541414f41f75c1fcfc8a6');
INSERT INTO public.audit VALUES (8, '2026-12-01T05:46:08.714654+00:00', 'anna', 'search', 1, '{"number":2,"results":1}', 'd9856bd0651cfdaa5f3e942e9d7b4d917c36438d5fa541414f41f75c1fcfc8a6', '5e5deb32f77d1994f6a292a9742164a8e2846da342e065afa9dee9c2282cb2ea');
INSERT INTO public.audit VALUES (9, '2026-12-01T05:46:08.718403+00:00', 'anna', 'decide.confirmed', 1, '{"ref":"b6f3f3fef3f8fa3e5b57a778"}', '5e5deb32f77d1994f6a292a9742164a8e2846da342e065afa9dee9c2282cb2ea', '6487d1eb733b60e9e5953dceb2374f5bdf30a27e107f6a18392dc8751efdb584');
INSERT INTO public.audit VALUES (10, '2026-12-01T05:46:08.722775+00:00', 'anna', 'decide.rejected', 1, '{"ref":"d8d6a2a8c423990101e3b35d"}', '6487d1eb733b60e9e5953dceb2374f5bdf30a27e107f6a18392dc8751efdb584', 'b1299648e68ccbcf0c659984881ac47a48a02d451f38402260463ed136fc8237');
INSERT INTO public.audit VALUES (11, '2026-12-01T05:46:08.725666+00:00', 'anna', 'step.description', 1, '{}', 'b1299648e68ccbcf0c659984881ac47a48a02d451f38402260463ed136fc8237', '2362452ecbd11b4b337e678b22571bda2a412d4fa2d7e025c299b9059c3890e6');
INSERT INTO public.audit VALUES (12, '2026-12-01T05:46:08.729344+00:00', 'watch', 'alert', 1, '{"camera":"gate","ref":"998ec7d9fcdc1bbfe6a3f6f1"}', '2362452ecbd11b4b337e678b22571bda2a412d4fa2d7e025c299b9059c3890e6', 'dd7956c1d3d17659f9e7f141c18ec4be482ba8bd7432b28a414566cfa429b265');
INSERT INTO public.audit VALUES (13, '2026-12-01T05:46:08.731882+00:00', 'boris', 'case.open', 2, '{"hours":24,"purpose":"missing-child"}', 'dd7956c1d3d17659f9e7f141c18ec4be482ba8bd7432b28a414566cfa429b265', '6e18b127d0bfc014c760d9bb8e69421acd44afec809d8e96ede56b2c3d392811');
INSERT INTO public.audit VALUES (14, '2026-12-01T05:46:08.735191+00:00', 'boris', 'decide.confirmed', 2, '{"ref":"e37d84a862c71711b62099fd"}', '6e18b127d0bfc014c760d9bb8e69421acd44afec809d8e96ede56b2c3d392811', '28c5fec93e43306c289cb1be247fa15cd631973b68d1a8efab72b4e36c780aea');
INSERT INTO public.audit VALUES (15, '2026-12-01T05:46:08.738014+00:00', 'boris', 'case.close', 2, '{"outcome":"found-safe"}', '28c5fec93e43306c289cb1be247fa15cd631973b68d1a8efab72b4e36c780aea', '8c5f1e144aa3a6e0bcf142d2731e220cf7577211c7e6a83abfa258c478063f87');
INSERT INTO public.audit VALUES (16, '2026-12-01T05:46:08.740944+00:00', 'boris', 'erase.begin', 2, '{}', '8c5f1e144aa3a6e0bcf142d2731e220cf7577211c7e6a83abfa258c478063f87', 'ca320f5f180668a4165eeb1cff5785ee44adff5e15a72b6a240ffe4e695e35d4');
INSERT INTO public.audit VALUES (17, '2026-12-01T05:46:08.746288+00:00', 'boris', 'erase.case', 2, '{"refs":["e37d84a862c71711b62099fd"],"sightings":1}', 'ca320f5f180668a4165eeb1cff5785ee44adff5e15a72b6a240ffe4e695e35d4', '70b4dc6643fbfaa8ae6c58940e8837fbfa96e27a3530f31906a0764092af40eb');
INSERT INTO public.cases VALUES (1, 'open', 'missing-child', 'anna', '2026-12-01T05:46:08.701657+00:00', '2126-11-07T05:46:08.701657+00:00', NULL, NULL, true, '\x11fb4fd2ed811f17a04b3c48f2770f6fbbcf403cda9b60263b19dbcca94989c7', 'Mathilda', 'Ruth', 'mother', 'crimson anorak', '{"slots":["anorak"]}', 'gate', '2026-05-01T12:00:00.000000+00:00', 'a dog');
INSERT INTO public.cases VALUES (2, 'erased', 'missing-child', 'boris', '2026-12-01T05:46:08.730901+00:00', '2026-12-02T05:46:08.730901+00:00', '2026-12-01T05:46:08.736948+00:00', 'found-safe', false, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO public.decisions VALUES (1, 'feedc0ffee123456', 'confirmed', 'gate', '2026-05-01T12:00:00.000000+00:00', '2026-05-01T12:00:09.000000+00:00', '2026-12-01T05:46:08.717113+00:00', 'anna');
INSERT INTO public.decisions VALUES (1, 'feedc0ffee654321', 'rejected', 'hall', '2026-05-01T12:00:00.000000+00:00', '2026-05-01T12:00:05.000000+00:00', '2026-12-01T05:46:08.722089+00:00', 'anna');
INSERT INTO public.meta VALUES ('schema', '1');
INSERT INTO public.meta VALUES ('venue', '2d236d51b08c8d30e88fa458b2b61817b2fe66b667947895dbb164e90e7f3003');
INSERT INTO public.searches VALUES (1, 1, '2026-12-01T05:46:08.710093+00:00', '{"slots":["anorak"]}', '{}');
INSERT INTO public.searches VALUES (1, 2, '2026-12-01T05:46:08.713574+00:00', '{"slots":["red anorak"]}', '{"cameras":["gate"]}');
INSERT INTO public.sessions VALUES ('0fea8d655a8b7650b9f5e447612651b0997655751f8bb6899a218add06185a2e', 'anna', '56Q2nvpANMQA0z8-DcO_7WXVNdWdLJpXqmNeqC2OyGg', '2026-12-01T05:46:08.695004+00:00', '2026-12-01T05:46:08.695004+00:00');
INSERT INTO public.steps VALUES (1, 'description', '2026-12-01T05:46:08.724907+00:00', 'anna');
INSERT INTO public.users VALUES ('boris', '$argon2id$v=19$m=65536,t=3,p=4$rjMgp8fnAzn+95R/DLWvCw$I4a4H27Dj3pm82MKzw0gjVLaw/JpJPUPOoRLF9DuaSc', 'supervisor', '2026-12-01T05:46:08.510425+00:00', false, 0, NULL);
INSERT INTO public.users VALUES ('anna', '$argon2id$v=19$m=65536,t=3,p=4$pGOETtugAmZ4RhSi2kr08A$nGqf/nTJDbmifi8L1TKBLraSIxrgpRv3RKG0lxmK6uA', 'operator', '2026-12-01T05:46:08.426608+00:00', false, 0, NULL);
SELECT pg_catalog.setval('public.alerts_id_seq', 1, true);
SELECT pg_catalog.setval('public.cases_id_seq', 2, true);
ALTER TABLE ONLY public.alerts
    ADD CONSTRAINT alerts_case_id_sighting_key UNIQUE (case_id, sighting);
ALTER TABLE ONLY public.alerts
    ADD CONSTRAINT alerts_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.audit
    ADD CONSTRAINT audit_pkey PRIMARY KEY (seq);
ALTER TABLE ONLY public.cases
    ADD CONSTRAINT cases_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.decisions
    ADD CONSTRAINT decisions_pkey PRIMARY KEY (case_id, sighting);
ALTER TABLE ONLY public.meta
    ADD CONSTRAINT meta_pkey PRIMARY KEY (name);
ALTER TABLE ONLY public.searches
    ADD CONSTRAINT searches_pkey PRIMARY KEY (case_id, number);
ALTER TABLE ONLY public.sessions
    ADD CONSTRAINT sessions_pkey PRIMARY KEY (token);
ALTER TABLE ONLY public.steps
    ADD CONSTRAINT steps_pkey PRIMARY KEY (case_id, step);
ALTER TABLE ONLY public.users
    ADD CONSTRAINT users_pkey PRIMARY KEY (name);
CREATE INDEX audit_by ON public.audit USING btree (actor, action, at);
CREATE TRIGGER audit_no_change BEFORE DELETE OR UPDATE ON public.audit FOR EACH ROW EXECUTE FUNCTION public.audit_append_only();
ALTER TABLE ONLY public.alerts
    ADD CONSTRAINT alerts_case_id_fkey FOREIGN KEY (case_id) REFERENCES public.cases(id);
ALTER TABLE ONLY public.decisions
    ADD CONSTRAINT decisions_case_id_fkey FOREIGN KEY (case_id) REFERENCES public.cases(id);
ALTER TABLE ONLY public.searches
    ADD CONSTRAINT searches_case_id_fkey FOREIGN KEY (case_id) REFERENCES public.cases(id);
ALTER TABLE ONLY public.sessions
    ADD CONSTRAINT sessions_user_fkey FOREIGN KEY ("user") REFERENCES public.users(name);
ALTER TABLE ONLY public.steps
    ADD CONSTRAINT steps_case_id_fkey FOREIGN KEY (case_id) REFERENCES public.cases(id);
