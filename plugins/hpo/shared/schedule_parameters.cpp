#include "schedule_parameters.hpp"

#include <string>

#include "dha/error.hpp"

namespace dha::hpo {

namespace {

Decay read_decay(const std::string& name) {
  if (name == "cosine") return Decay::kCosine;
  if (name == "cosine_restarts") return Decay::kCosineRestarts;
  if (name == "linear") return Decay::kLinear;
  return name == "step" ? Decay::kStep : Decay::kConstant;
}

}  // namespace

void declare_schedule(Schema& schema) {
  schema
      .choice("schedule", "schedule of the learning rate", {"constant", "cosine", "cosine_restarts", "linear", "step"})
      .def("cosine")
      .choice("schedule_by", "whether the rate changes per epoch or per step", {"epoch", "step"})
      .def("epoch")
      .real("minimum_learning_rate",
            "final rate of cosine (each one of cosine_restarts) and linear, lower limit of step")
      .range(0, 100)
      .def(0.0)
      .real("step_epochs", "epochs between reductions of schedule step")
      .range(1e-3, 1e6)
      .unit("epochs")
      .def(30.0)
      .real("step_factor", "factor of the rate at each reduction of schedule step")
      .range(0, 1)
      .def(0.1)
      .real("restart_epochs", "epochs until the first restart of schedule cosine_restarts")
      .range(1, 1e6)
      .unit("epochs")
      .def(10.0)
      .real("restart_factor", "length of each next cosine of schedule cosine_restarts as a multiple of the one before")
      .range(1, 100)
      .def(2.0)
      .real("warm_up_epochs", "linear rise of the rate before the schedule")
      .range(0, 1e6)
      .unit("epochs")
      .def(0.0);
}

LearningRateSchedule read_schedule(const Params& params) {
  LearningRateSchedule schedule;
  schedule.decay = read_decay(params.string("schedule"));
  schedule.peak = params.real("learning_rate");
  schedule.minimum = params.real("minimum_learning_rate");
  schedule.step_epochs = params.real("step_epochs");
  schedule.step_factor = params.real("step_factor");
  schedule.restart_epochs = params.real("restart_epochs");
  schedule.restart_factor = params.real("restart_factor");
  schedule.warm_up_epochs = params.real("warm_up_epochs");
  schedule.by_step = params.string("schedule_by") == "step";
  if (schedule.minimum > schedule.peak)
    throw Error(ErrorCode::kInvalidParameter, "'minimum_learning_rate' must not exceed 'learning_rate' (" +
                                                  std::to_string(schedule.peak) + "), found " +
                                                  std::to_string(schedule.minimum));
  return schedule;
}

}  // namespace dha::hpo
