// The options of verbs that use the network of a run, and how these say which of its weights they use.
#pragma once

#include <boost/program_options/options_description.hpp>
#include <boost/program_options/variables_map.hpp>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "pipeline/pipeline.hpp"
#include "stage/pipeline_data.hpp"
#include "stage/run_progress.hpp"

namespace dha::app {

// Adds --weights.
void add_weights_option(boost::program_options::options_description& options);

// Adds --weights and --accept-changed-data.
void add_network_options(boost::program_options::options_description& options);

// Throws Error{kUsage} for a name that is neither "last" nor "best".
Weights weights_of(const boost::program_options::variables_map& values);

// What --accept-changed-data and changes of the data set by --set allow.
DataChange allowed_change(const boost::program_options::variables_map& values, const std::vector<Override>& overrides);

// "stage 'final' after 3 of 10 epochs and 2 steps of the next".
std::string position_in_words(const RunProgress& progress);

// A sentence without a full stop; empty for the last weights of a finished run.
std::string in_words(const RunProgress& progress);

// Keys "weights" and "epoch" and, of a run that has not finished, "unfinished".
nlohmann::ordered_json to_json(const RunProgress& progress);

}  // namespace dha::app
