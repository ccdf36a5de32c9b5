# Logistic regressions by R's glm on the people of cox_data.csv, and what is expected by site; run
# with the working directory here: Rscript --vanilla case_mix.R. The tests read case_mix.csv. R 4.2.2.
options(digits = 17)
data <- read.csv("cox_data.csv")
data$event <- as.integer(data$end != "censored")
data$entries <- 1 + data$person %% 4
data$events <- data$event * (1 + data$person %% 2) * (data$entries > 1) + data$event * (data$entries == 1)
rows <- list()
for (model in c("people", "sessions")) {
  above <- if (model == "people") data$event else data$events
  below <- if (model == "people") rep(1, nrow(data)) else data$entries
  fit <- glm(cbind(above, below - above) ~ age + dose + factor(sooner), binomial, data,
             control = glm.control(epsilon = 1e-14, maxit = 100))
  expected <- tapply(fitted(fit) * below, data$site, sum)
  observed <- tapply(above, data$site, sum)
  rows[[model]] <- data.frame(model = model,
    quantity = rep(c("coefficient", "observed", "expected"), c(4, 3, 3)),
    term = c("intercept", "age", "dose", "sooner", names(observed), names(expected)),
    value = c(coef(fit), observed, expected))
}
write.csv(do.call(rbind, rows), "case_mix.csv", row.names = FALSE)
