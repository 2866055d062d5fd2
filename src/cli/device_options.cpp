// Options that say where a model lies. Their names and meaning are llama.cpp's.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <charconv>

#include "base/error.h"
#include "base/units.h"
#include "cli/option_groups.h"
#include "engine/llama_engine.h"

namespace qualm::cli {
namespace {

/// "auto", "all" or a number, to a number.
CLI::Validator layers() {
  return {[](std::string& word) {
            if (word == "auto")
              word = std::to_string(engine::kLayersThatFit);
            else if (word == "all")
              word = std::to_string(engine::kAllLayers);
            else if (word.empty() || word.find_first_not_of("0123456789") != std::string::npos)
              return fmt::format("expected auto, all or a number, found \"{}\"", printable(word));
            return std::string();
          },
          ""};
}

/// As llama.cpp prints them.
std::string list_of_devices(const engine::Devices& wanted) {
  const auto found = engine::make_llama_engine()->devices(wanted);
  if (!found) throw CLI::ValidationError("--list-devices", describe(found.error()));
  std::string text = "Available devices:";
  for (const engine::Device& device : *found)
    text += fmt::format("\n  {}: {} ({} MiB, {} MiB free)", device.name, device.description,
                        device.total >> 20, device.free >> 20);
  return found->empty() ? text + "\n  none but the CPU" : text;
}

}  // namespace

void add_cross_check(CLI::App& command, job::Request& request) {
  named(command.add_option_function<std::string>(
            "--cross-check", [&request](const std::string&) { request.cross_check = true; },
            "cpu: read the first windows on the CPU too, and say if your device is at fault"),
        kRunAs, "cpu")
      ->check(one_of({"cpu"}));
}

void add_devices(CLI::App& command, job::Request& request) {
  engine::Devices& devices = request.settings.devices;
  named(command.add_option("--n-gpu-layers", request.settings.gpu_layers,
                           "layers on the GPU: N, all, or auto for as many as fit (default: auto)"),
        kRunAs, "N")
      ->transform(layers());
  // Before --list-devices, like in llama.cpp: each acts where it is read.
  named(
      command.add_option("--rpc", devices.rpc,
                         "use the devices of these ggml-rpc-servers. Nothing is encrypted: weights "
                         "and text can be read in the network"),
      kRunAs, "HOST:PORT,...")
      ->delimiter(',')
      ->trigger_on_parse();
  command.add_flag("--rpc-unsafe", devices.rpc_unsafe, "allow servers with public addresses")
      ->group(kRunAs)
      ->trigger_on_parse();
  named(command.add_option("--device", devices.names,
                           "devices to use, comma-separated; none: the CPU alone (default: all)"),
        kRunAs, "NAME,...")
      ->delimiter(',');
  named(command.add_option("--tensor-split", devices.tensor_split,
                           "how much of the model each device gets, for example 3,1"),
        kRunAs, "N,...")
      ->delimiter(',');
  named(command
            .add_option("--split-mode", devices.split_mode,
                        "how several GPUs share a model: none, layer or row")
            ->capture_default_str(),
        kRunAs, "MODE");
  named(command.add_option("--main-gpu", devices.main_gpu, "the GPU for --split-mode none"), kRunAs,
        "N")
      ->capture_default_str();
  command
      .add_flag_callback(
          "--no-mmap", [&devices] { devices.mmap = false; },
          "read the model instead of mapping it into memory")
      ->group(kRunAs);
  command
      .add_flag_callback(
          "--list-devices", [&devices] { throw CLI::CallForVersion(list_of_devices(devices), 0); },
          "print the devices there are, and end")
      ->group(kRunAs)
      ->trigger_on_parse();
}

}  // namespace qualm::cli
