// The properties of a data set that its network needs: classes, size and normalisation of images, and the part that it
// sees.
#pragma once

#include <filesystem>
#include <optional>

#include "component/component_context.hpp"
#include "data/open_dataset.hpp"
#include "pipeline/pipeline.hpp"
#include "plugin/plugin_registry.hpp"

namespace dha {

struct ModelInput {
  DatasetInfo info;  // complete, with mean and standard deviation
  // Share of an image's shorter side that is the side of the centre square that evaluations see; nothing where images
  // are in memory: the largest centre part of the input's shape.
  std::optional<double> crop_fraction;
};

// `dataset`: with statistics.
ModelInput model_input(const OpenDataset& dataset);

// The same without opening the data set, whose images may be gone: from its parameters and `facts`, the file
// kDatasetFile of a run or a model/. Nothing where these do not tell all of it, or where the data set answers only
// once it is open (dha/image_files.hpp).
std::optional<ModelInput> known_model_input(const PluginRegistry& registry, const ContextServices& services,
                                            const ComponentUse& dataset, const std::filesystem::path& facts);

}  // namespace dha
