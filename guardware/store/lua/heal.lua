-- Takes away what stands at KEYS[1] if it is not the string that should: another program's, or damage.

if redis.call('TYPE', KEYS[1]).ok ~= 'string' then redis.call('DEL', KEYS[1]) end
return 1
