#pragma once
#include <memory>
#include <string>
#include <vector>

#include "experiments/settings/settings.h"
#include "ops/device.h"

namespace palimpsest {

// What `--device` names and whether this build and this machine have it.
struct DeviceChoice {
  std::string name;  // cpu, cuda, cuda-emulated
  bool available;
  std::string reason;  // one clause: what is there, or what is missing
};
std::vector<DeviceChoice> known_devices();

// The device that a command runs on. `auto` takes the best one that is there and says on standard error, once in the
// life of the program, what it took and why. A device asked for by name is never replaced by another: Error when it is
// not there, or when nobody knows it.
std::unique_ptr<Device> make_device(const MachineSettings& on);

void announce_devices(bool announce);  // false: `auto` says nothing (--quiet)

}  // namespace palimpsest
