-- Health of an Interview and of an InterviewTemplate for Argo CD. It reads conditions only, by kstatus's rules, and adds
-- what kstatus has no word for: an interview that is on hold, and one that failed.

-- Ends that nobody has to look after: called off, or nobody came. AlreadyFinished tells of an interview that ended before
-- this object was made, and what its end was worth was told then.
local expected = { Cancelled = true, NoShow = true, WindowClosed = true, AlreadyFinished = true }

local function health(status, condition)
  local message = condition.reason
  if condition.message ~= nil and condition.message ~= "" then
    message = message .. ": " .. condition.message
  end
  return { status = status, message = message }
end

if obj.metadata.deletionTimestamp ~= nil then
  return { status = "Progressing", message = "Being deleted" }
end
local status = obj.status or {}
if status.observedGeneration ~= nil and status.observedGeneration ~= obj.metadata.generation then
  return { status = "Progressing", message = "The operator has not seen this generation yet" }
end
local conditions = {}
for _, condition in ipairs(status.conditions or {}) do
  -- The first of these two in the list decides, as for kstatus.
  if condition.status == "True" and condition.type == "Reconciling" then
    return health("Progressing", condition)
  end
  if condition.status == "True" and condition.type == "Stalled" then
    return health("Degraded", condition)
  end
  if condition.status == "True" or condition.type == "Joinable" then
    conditions[condition.type] = condition
  end
end
if conditions.Suspended ~= nil then
  return health("Suspended", conditions.Suspended)
end
if conditions.Failed ~= nil then
  return health(expected[conditions.Failed.reason] and "Healthy" or "Degraded", conditions.Failed)
end
for _, type in ipairs({ "Complete", "Joinable", "Accepted" }) do
  if conditions[type] ~= nil then
    return health("Healthy", conditions[type])
  end
end
return { status = "Healthy", message = "" }
