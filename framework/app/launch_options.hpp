// The options of verbs that start this program again, in other processes: trials, and the runs of a sweep.
#pragma once

#include <boost/program_options/options_description.hpp>
#include <boost/program_options/variables_map.hpp>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "device/accelerator.hpp"
#include "pipeline/pipeline.hpp"

namespace dha::app {

// The command that starts this program with `verb` and the plugins that this process has: file, verb, options.
std::vector<std::string> same_program(const std::string& verb, const boost::program_options::variables_map& values);

// --parallel, which the verb has declared as an int64_t. Throws Error{kUsage} outside of 1 to 1024.
std::optional<int64_t> parallel_of(const boost::program_options::variables_map& values);

// Names of the devices that processes take in turn; empty if the pipeline names one, or runs on the CPU.
std::vector<std::string> devices_in_turn(const PipelineConfig& config, const DeviceChoice& device);

// Adds --max-minutes.
void add_time_option(boost::program_options::options_description& options);

// --max-minutes. Throws Error{kUsage} if it is not above 0 or too large.
std::optional<std::chrono::duration<double>> minutes_of(const boost::program_options::variables_map& values);

}  // namespace dha::app
