-- Adds one picture to the hour's and the day's distinct count (see the end of touch.lua).
--
-- KEYS  1 the stem of the hour's distinct count, 2 the day's
-- ARGV  1 now in microseconds, or -1 for the server's clock, 2 the picture

local HOUR, DAY = 3600, 86400
local now = ARGV[1] / 1e6
if now < 0 then now = tonumber(redis.call('TIME')[1]) end

local hour_key = KEYS[1] .. ':' .. math.floor(now / HOUR)
local day_key = KEYS[2] .. ':' .. math.floor(now / DAY)
if redis.call('PFADD', hour_key, ARGV[2]) == 1 then redis.call('EXPIRE', hour_key, HOUR) end
if redis.call('PFADD', day_key, ARGV[2]) == 1 then redis.call('EXPIRE', day_key, DAY) end
return 1
