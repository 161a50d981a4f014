-- Copyright 2026 The Perpetuo authors
-- SPDX-License-Identifier: ISC

-- Perpetuo in Ardour, without a screen or a sound card: a session is made,
-- played, looped, exported, closed and opened again.  tests/test_hosts.py runs
-- this in ardour7-lua and judges what the capture plugin wrote; here nothing is
-- judged.  Words: KEY=VALUE, all of
--   folder=F     where the session may be written, and nothing else is
--   driver=NAME  of the dummy backend ("Normal Speed", "5x Speed")
--   preset=LABEL chosen at first; other=LABEL chosen while it plays
--   seed, tempo, candidates, gate, late, melody_channel, drum_channel=N
--                control ports, counted as Ardour does: from 0, controls only
-- It writes "what value" into the file `said` for what was seen, and "end" when
-- it came so far.

-- At this tempo a tick of Ardour's, 1/1920 beat, is 12 samples, and a block is
-- 64 of these: what Ardour says of bars and beats is then exact
local RATE, BPM, BLOCK = 48000, 125, 768
local BAR = RATE * 60 // BPM * 4
local N_BARS = 17
local LOOP_FROM, LOOP_TO = 5, 7 -- Bars, as people count
local CAPTURE = "urn:perpetuo:capture"
local TRACKS = { -- name, plugin, number in the capture's lines
	{ "both", "urn:perpetuo:duo", 1 },
	{ "melody", "urn:perpetuo:melody", 2 },
	{ "drums", "urn:perpetuo:drums", 3 },
}

local word = {}
for _, text in ipairs (arg) do
	local key, value = text:match ("^([%w_]+)=(.*)$")
	word[key] = tonumber (value) or value
end

-- Not to the standard output, where Ardour talks, too
local said = assert (io.open (word.folder .. "/said", "w"))
local function say (what, value)
	said:write (what .. " " .. tostring (value or "") .. "\n")
	said:flush ()
end

-- A line between the capture's lines
local function mark (what)
	local file = assert (io.open (os.getenv ("PERPETUO_CAPTURE"), "a"))
	file:write ("# " .. what .. "\n")
	file:close ()
	say ("mark", what)
end

local function wait_for (what, is_so)
	for _ = 1, 6000 do
		if is_so () then return end
		sleep (0.005)
	end
	say ("never", what)
end

-- ------------------------------------------------------------- the transport

local session
local UI = ARDOUR.TransportRequestSource.TRS_UI

local function sample_of (bar) return (bar - 1) * BAR end

local function locate (bar)
	session:request_locate (sample_of (bar), false,
		ARDOUR.LocateTransportDisposition.MustStop, UI)
	sleep (0.5) -- Let it compose, as a person does who looks for a place
end

local function locate_rolling (bar)
	session:request_locate (sample_of (bar), false,
		ARDOUR.LocateTransportDisposition.MustRoll, UI)
	wait_for ("locate", function ()
		local at = session:transport_sample ()
		return at >= sample_of (bar) - BAR // 4 and at < sample_of (bar + 1)
	end)
end

local function roll ()
	session:request_roll (UI)
	wait_for ("roll", function () return session:transport_rolling () end)
end

local function roll_to (bar)
	wait_for ("bar " .. bar, function ()
		return session:transport_sample () >= sample_of (bar)
	end)
end

local function stop ()
	session:request_stop (false, false, UI)
	wait_for ("stop", function () return session:transport_stopped () end)
	sleep (0.2) -- Some blocks of standing still
end

-- ----------------------------------------------------------------- the tracks

local made = {} -- by name: route, perpetuo, capture; gone when it closes

local function set (processor, control, value)
	if not ARDOUR.LuaAPI.set_processor_param (processor, control, value) then
		say ("cannot set", control)
	end
end

local function get (processor, control)
	return (ARDOUR.LuaAPI.get_processor_param (processor, control, true))
end

local function new_track (name)
	local midi = ARDOUR.ChanCount (ARDOUR.DataType ("midi"), 1)
	local list = session:new_midi_track (midi, midi, true, ARDOUR.PluginInfo (),
		nil, nil, 1, name, ARDOUR.PresentationInfo.max_order,
		ARDOUR.TrackMode.Normal, true, false)
	for route in list:iter () do return route end
end

local function add_plugin (route, uri, place, preset)
	local plugin = ARDOUR.LuaAPI.new_plugin (session, uri,
		ARDOUR.PluginType.LV2, preset or "")
	if plugin:isnil () or
		route:add_processor_by_index (plugin, place, nil, true) ~= 0 then
		say ("cannot add", uri)
	end
	return plugin
end

local function settle (track, number)
	set (track.perpetuo, word.seed, 7)
	set (track.perpetuo, word.tempo, BPM)
	set (track.perpetuo, word.candidates, 1) -- Quick, as time is here
	set (track.perpetuo, word.gate, 0)
	set (track.capture, 0, number)
end

local function new_player (row)
	local name, uri, number = table.unpack (row)
	local track = { route = new_track (name) }
	track.route:output ():disconnect_all (nil)
	track.perpetuo = add_plugin (track.route, uri, 0, word.preset)
	track.capture = add_plugin (track.route, CAPTURE, 1)
	settle (track, number)
	made[name] = track
	say ("preset", track.perpetuo:to_insert ():plugin (0):last_preset ().label)
end

local function sounding (when)
	for name, track in pairs (made) do
		say ("sounding " .. when .. " " .. name, get (track.capture, 1))
		say ("late " .. when .. " " .. name, get (track.perpetuo, word.late))
	end
end

-- A track that records what `from` sends
local recorder
local function record (from)
	recorder = new_track ("recorder")
	recorder:input ():disconnect_all (nil)
	recorder:output ():disconnect_all (nil)
	recorder:input ():nth (0):connect (from:output ():nth (0):name ())
	recorder:rec_enable_control ():set_value (1,
		PBD.GroupControlDisposition.NoGroup)
	session:maybe_enable_record (false)
end

-- Of every note: sample, channel, key, velocity, length in beats:1/1920 beats
local function end_record ()
	session:disable_record (false, false)
	recorder:rec_enable_control ():set_value (0,
		PBD.GroupControlDisposition.NoGroup)
	recorder:input ():disconnect_all (nil)
	local tempo = Temporal.TempoMap.read ()
	for region in recorder:to_track ():playlist ():region_list ():iter () do
		local midi = region:to_midiregion ()
		for note in ARDOUR.LuaAPI.note_list (midi:model ()):iter () do
			local at = midi:position ():beats () + note:time ()
				- midi:start ():beats ()
			say ("recorded", table.concat ({ tempo:sample_at_beats (at),
				note:channel (), note:note (), note:velocity (),
				tostring (note:length ()) }, " "))
		end
	end
end

-- ---------------------------------------------------------------- the session

local function begin ()
	local backend = AudioEngine:set_backend ("None (Dummy)", "perpetuo", "")
	backend:set_driver (word.driver)
	backend:set_device_name ("Silence")
	backend:set_buffer_size (BLOCK)
	session = create_session (word.folder .. "/session", "song", RATE)
	if not session then return false end
	say ("block", session:get_block_size ())
	local tempo = Temporal.TempoMap.fetch_writable ()
	tempo:set_tempo (Temporal.Tempo (BPM, BPM, 4), Temporal.timepos_t (0))
	tempo:set_meter (Temporal.Meter (4, 4), Temporal.timepos_t (0))
	Temporal.TempoMap.update (tempo)
	return true
end

-- What Lua holds of a session keeps parts of it alive
local function close ()
	session:save_state ("", false, false, false, false, false)
	made, recorder, session = {}, nil, nil
	collectgarbage ()
	collectgarbage ()
	close_session ()
end

-- Lua cannot make the loop's range in Ardour 7: it is written into the file
local function write_loop ()
	local path = word.folder .. "/session/song.ardour"
	local file = assert (io.open (path))
	local text = file:read ("a")
	file:close ()
	local line = string.format ('<Location id="999901" name="Loop" start="b%d"'
		.. ' end="b%d" flags="IsAutoLoop,IsHidden" locked="0" timestamp="0"'
		.. ' cue="0"/>', (LOOP_FROM - 1) * 4 * 1920, (LOOP_TO - 1) * 4 * 1920)
	local n
	text, n = text:gsub ("<Locations/>",
		"<Locations>" .. line .. "</Locations>")
	if n == 0 then
		text, n = text:gsub ("</Locations>", line .. "</Locations>", 1)
	end
	say ("loop written", n)
	file = assert (io.open (path, "w"))
	file:write (text)
	file:close ()
end

local function open ()
	session = load_session (word.folder .. "/session", "song")
	if not session then return false end
	local route = session:route_by_name ("both")
	made.both = { route = route, perpetuo = route:nth_plugin (0),
		capture = route:nth_plugin (1) }
	sleep (0.5)
	return true
end

-- ------------------------------------------------------------------ the scenes

local function play (what)
	locate (1)
	mark (what)
	roll ()
	roll_to (N_BARS + 1)
	stop ()
	sounding (what)
end

local function export (what)
	mark (what)
	local job = session:simple_export ()
	job:set_name ("song")
	job:set_folder (word.folder)
	job:set_range (0, sample_of (N_BARS + 1))
	say ("exported", job:run_export ())
	job = nil
	collectgarbage ()
	sleep (0.2)
	sounding (what)
end

local function jump ()
	locate (9)
	mark ("locate")
	roll ()
	roll_to (10.6)
	locate_rolling (3)
	roll_to (4.4)
	locate_rolling (12)
	roll_to (13.3)
	stop ()
	sounding ("locate")
end

local function bypass ()
	locate (2)
	mark ("bypass")
	roll ()
	roll_to (3.4)
	made.both.perpetuo:to_insert ():enable (false)
	roll_to (4.2)
	sounding ("bypassed")
	made.both.perpetuo:to_insert ():enable (true)
	roll_to (5.6)
	stop ()
	sounding ("bypass")
end

local function change_preset ()
	local plugin = made.both.perpetuo:to_insert ():plugin (0)
	locate (2)
	mark ("preset")
	roll ()
	roll_to (3.4)
	say ("loaded", plugin:load_preset (plugin:preset_by_label (word.other)))
	roll_to (6.5)
	stop ()
	sounding ("preset")
	plugin:load_preset (plugin:preset_by_label (word.preset))
	settle (made.both, TRACKS[1][3])
end

local function change_channel ()
	local perpetuo = made.both.perpetuo
	locate (2)
	mark ("channel")
	roll ()
	roll_to (3.4)
	set (perpetuo, word.melody_channel, 5)
	set (perpetuo, word.drum_channel, 11)
	roll_to (5.4)
	stop ()
	sounding ("channel")
	set (perpetuo, word.melody_channel, 1)
	set (perpetuo, word.drum_channel, 10)
end

local function loop ()
	locate (LOOP_FROM)
	mark ("loop")
	session:request_play_loop (true, false)
	wait_for ("loop", function () return session:transport_rolling () end)
	for _ = 1, 3 do
		roll_to (LOOP_TO - 0.3)
		wait_for ("wrap", function ()
			return session:transport_sample () < sample_of (LOOP_TO - 1)
		end)
	end
	roll_to (LOOP_FROM + 0.6)
	stop ()
	session:request_play_loop (false, false)
	sleep (0.3)
	sounding ("loop")
end

-- Also while it rolls: nothing is run any more from then on, so what sounds is
-- left to its instruments, which close as well
local function close_rolling ()
	locate (2)
	mark ("close rolling")
	roll ()
	roll_to (3.4)
	close ()
end

-- It has just been told where it is, and composes
local function close_composing ()
	session:request_locate (sample_of (40), false,
		ARDOUR.LocateTransportDisposition.MustStop, UI)
	wait_for ("locate", function ()
		return session:transport_sample () >= sample_of (39)
	end)
	close ()
end

local function main ()
	if not begin () then return say ("no session") end
	new_player (TRACKS[1])
	record (made.both.route)
	play ("play")
	end_record ()
	export ("export")
	jump ()
	bypass ()
	change_preset ()
	change_channel ()
	close ()
	write_loop ()
	mark ("closed")
	if not open () then return say ("no session, again") end
	play ("again")
	loop ()
	new_player (TRACKS[2])
	new_player (TRACKS[3])
	play ("tracks")
	export ("tracks export")
	close_rolling ()
	mark ("opened")
	if not open () then return say ("no session, at last") end
	close_composing ()
	mark ("end")
	say ("end")
end

main ()
quit ()
