-- Adds one picture to the hour's and the day's distinct count (see "Pictures" in touch.lua).
--
-- KEYS  1 the client's record, 2 its address's, 3 the stem of the hour's distinct count, 4 the day's
-- ARGV  1 now in microseconds, or -1 for the server's clock, 2 the picture, 3 seconds that a record is kept
--       4 how many lasting groups of evidence there are

local HOUR, DAY = 3.6e9, 8.64e10
local CLIENT = '<dddddfffdHHBB' .. string.rep('d', tonumber(ARGV[4]))
local HOME = '<dddddddfHdddd'
local now = tonumber(ARGV[1])
if now < 0 then
  local clock = redis.call('TIME')
  now = clock[1] * 1e6 + clock[2]
end

local function recall(key, form)
  local stored = redis.pcall('GET', key)
  local size = struct.size(form)
  local found = type(stored) == 'string' and #stored == size
  local numbers = {struct.unpack(form, found and stored or string.rep('\0', size))}
  numbers[#numbers] = nil
  if not found then numbers[1] = now end
  return numbers
end
local mine, home = recall(KEYS[1], CLIENT), recall(KEYS[2], HOME)

-- PFADD (see touch.lua); what stands at the key and is no HyperLogLog goes first. Whether that changed it, and whether it was new.
local function note(key)
  local reply = redis.pcall('PFADD', key, ARGV[2])
  if type(reply) ~= 'table' then return reply == 1, false end
  if string.find(reply.err, 'WRONGTYPE') or string.find(reply.err, 'INVALIDOBJ') then redis.call('DEL', key) end
  return redis.call('PFADD', key, ARGV[2]) == 1, true
end
local function add(stem, length, at)
  local window = math.floor(now / length)
  local key = stem .. ':' .. string.format('%d', window)
  local before = mine[at] == window and mine[at + 1] or 0
  local sum = home[at + 1] == window and home[at + 2] or 0
  local count = before
  local changed, new = note(key)
  if new then before = 0 end
  if changed and before == 0 then redis.call('EXPIRE', key, length / 1e6) end
  if before == 0 or changed and before % 16 == 15 then
    count = redis.call('PFCOUNT', key)
  elseif changed then
    count = before + 1
  end
  mine[at], mine[at + 1] = window, count
  home[at + 1], home[at + 2] = window, math.max(sum + (before == 0 and 1 or count - before), 0)
end
add(KEYS[3], HOUR, 2)
add(KEYS[4], DAY, 4)
redis.call('SET', KEYS[1], struct.pack(CLIENT, unpack(mine)), 'EX', ARGV[3] + 60)
redis.call('SET', KEYS[2], struct.pack(HOME, unpack(home)), 'EX', ARGV[3] + 60)
return 1
