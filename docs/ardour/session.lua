-- Copyright 2026 The Perpetuo authors
-- SPDX-License-Identifier: ISC

-- The session of the screenshots: a melody track and a drum track, Perpetuo
-- before an instrument on each.  shoot.py runs it: FOLDER, then the URIs of the
-- two instruments.

local folder, instruments = arg[1], { arg[2], arg[3] }

local backend = AudioEngine:set_backend ("None (Dummy)", "perpetuo", "")
backend:set_driver ("Normal Speed")
backend:set_device_name ("Silence")
backend:set_buffer_size (1024)
local session = create_session (folder .. "/session", "song", 48000)
assert (session, "no session")

local tempo = Temporal.TempoMap.fetch_writable ()
tempo:set_tempo (Temporal.Tempo (104, 104, 4), Temporal.timepos_t (0))
Temporal.TempoMap.update (tempo)
tempo = nil

local PLUGINS = { "urn:perpetuo:melody", "urn:perpetuo:drums" }
for i, name in ipairs { "Melody", "Drums" } do
	local list = session:new_midi_track (
		ARDOUR.ChanCount (ARDOUR.DataType ("midi"), 1),
		ARDOUR.ChanCount (ARDOUR.DataType ("audio"), 2), false,
		ARDOUR.PluginInfo (), nil, nil, 1, name,
		ARDOUR.PresentationInfo.max_order, ARDOUR.TrackMode.Normal, true, false)
	for route in list:iter () do
		for place, uri in ipairs { PLUGINS[i], instruments[i] } do
			local preset = place == 1 and "Night drive" or ""
			local plugin = ARDOUR.LuaAPI.new_plugin (session, uri,
				ARDOUR.PluginType.LV2, preset)
			assert (not plugin:isnil (), uri)
			assert (route:add_processor_by_index (plugin, place - 1, nil, true)
				== 0, uri)
		end
	end
end
session:save_state ("", false, false, false, false, false)
collectgarbage ()
close_session ()
print ("made")
quit ()
